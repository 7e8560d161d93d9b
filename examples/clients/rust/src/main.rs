//! Logs in at the server of the first argument, and prints whose key it got.

use oauth2::{basic::BasicClient, reqwest::blocking::Client, *};
use std::{error::Error, process::exit, thread::sleep, time::Duration};

fn main() -> Result<(), Box<dyn Error>> {
    let issuer = std::env::args().nth(1).ok_or("Usage: acme-cli URL")?;
    let base = format!("{issuer}/oauth/device");
    let client = BasicClient::new(ClientId::new("acme-cli".into()))
        .set_device_authorization_url(DeviceAuthorizationUrl::new(format!("{base}/authorize"))?)
        .set_token_uri(TokenUrl::new(format!("{base}/token"))?);
    let web =
        Client::builder().user_agent("acme-cli/1.0").timeout(Duration::from_secs(10)).build()?;
    // The library polls again if a connection breaks, so a problem of the server looks like that.
    let http = |request: HttpRequest| match web.call(request)? {
        response if response.status().is_server_error() => {
            Err(HttpClientError::Other(response.status().to_string()))
        }
        response => Ok(response),
    };
    let codes: StandardDeviceAuthorizationResponse = client
        .exchange_device_code()
        .add_scope(Scope::new("whoami".into()))
        .add_extra_param("device_name", gethostname::gethostname().to_string_lossy())
        .request(&http)?;
    eprintln!("Open   {}", codes.verification_uri().as_str());
    eprintln!("Enter  {}", codes.user_code().secret());
    let poll = client.exchange_device_access_token(&codes);
    let token = poll.request(&http, sleep, None).unwrap_or_else(|error| {
        let why = match error {
            RequestTokenError::ServerResponse(refused) => refused.error().to_string(),
            other => other.to_string(),
        };
        eprintln!("The login failed: {why}");
        exit(1)
    });
    let whoami = web.get(format!("{issuer}/api/whoami"));
    println!("{}", whoami.bearer_auth(token.access_token().secret()).send()?.text()?);
    Ok(())
}
