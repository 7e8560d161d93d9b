#!/usr/bin/env bash
# Logs in at the server of the first argument, and prints whose key it got.
set -euo pipefail
issuer=$1
request() { curl --silent --show-error --max-time 10 --user-agent acme-cli/1.0 "$@"; }
fail() { echo "The login failed: $1" >&2 && exit 1; }

codes=$(request --fail-with-body "$issuer/oauth/device/authorize" --data client_id=acme-cli \
  --data scope=whoami --data-urlencode "device_name=$HOSTNAME") || fail "$codes"
member() { jq --raw-output ".$1" <<<"$codes"; }
printf 'Open   %s\nEnter  %s\n' "$(member verification_uri)" "$(member user_code)" >&2

grant_type=urn:ietf:params:oauth:grant-type:device_code
interval=$(member 'interval // 5')
end=$((SECONDS + $(member expires_in)))
while ((SECONDS < end)); do
  sleep "$interval"
  # The device code is secret, so it comes from standard input: other people can see arguments.
  response=$(request --write-out '\n%{http_code}' --data @- "$issuer/oauth/device/token" \
    <<<"grant_type=$grant_type&client_id=acme-cli&device_code=$(member device_code)") ||
    response=$'\n500'
  status=${response##*$'\n'} body=${response%$'\n'*}
  if ((status >= 500)); then
    # The connection broke, or the server has a problem: the next poll may work.
    interval=$((interval < 15 ? interval * 2 : interval < 30 ? 30 : interval))
    continue
  fi
  if ((status == 200)); then
    key=$(jq --raw-output .access_token <<<"$body")
    request --header @- "$issuer/api/whoami" <<<"Authorization: Bearer $key"
    exit
  fi
  error=$(jq --raw-output .error <<<"$body")
  case $error in
    authorization_pending) ;;
    slow_down) interval=$((interval + 5)) ;;
    *) fail "$error" ;;
  esac
done
fail 'The code has expired.'
