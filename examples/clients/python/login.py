"""Logs in at the server of the first argument, and prints whose key it got."""

import socket
import sys
import time

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

issuer = sys.argv[1].rstrip("/")
client = OAuth2Session("acme-cli", token_endpoint_auth_method="none")
client.headers["User-Agent"] = "acme-cli/1.0"
request = {"client_id": "acme-cli", "scope": "whoami", "device_name": socket.gethostname()[:64]}
response = client.post(
    f"{issuer}/oauth/device/authorize", data=request, withhold_token=True, timeout=10
)
response.raise_for_status()
codes = response.json()
print(f"Open   {codes['verification_uri']}\nEnter  {codes['user_code']}", file=sys.stderr)

interval, end = codes.get("interval", 5), time.monotonic() + codes["expires_in"]
poll = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}
while time.monotonic() < end:
    time.sleep(interval)
    try:
        client.fetch_token(
            f"{issuer}/oauth/device/token", device_code=codes["device_code"], **poll, timeout=10
        )
        print(client.get(f"{issuer}/api/whoami", timeout=10).text)
        sys.exit()
    except OAuthError as error:
        if error.error == "slow_down":
            interval += 5
        elif error.error != "authorization_pending":
            sys.exit(f"The login failed: {error.error}")
    except (requests.RequestException, ValueError):
        # The connection broke, or the server has a problem: the next poll may work.
        interval = max(interval, min(interval * 2, 30))
sys.exit("The login failed: The code has expired.")
