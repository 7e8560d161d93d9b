// Logs in at the server of the first argument, and prints whose key it got.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"time"

	"golang.org/x/oauth2"
)

type agent struct{}

func (agent) RoundTrip(request *http.Request) (*http.Response, error) {
	request.Header.Set("User-Agent", "acme-cli/1.0")
	return http.DefaultTransport.RoundTrip(request)
}

func main() {
	issuer, web := os.Args[1], &http.Client{Transport: agent{}, Timeout: 10 * time.Second}
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, web)
	config := oauth2.Config{ClientID: "acme-cli", Scopes: []string{"whoami"}}
	config.Endpoint = oauth2.Endpoint{AuthStyle: oauth2.AuthStyleInParams,
		DeviceAuthURL: issuer + "/oauth/device/authorize", TokenURL: issuer + "/oauth/device/token"}
	host, _ := os.Hostname()
	codes, err := config.DeviceAuth(ctx, oauth2.SetAuthURLParam("device_name", host))
	if err != nil {
		log.Fatalf("The login failed: %v", err)
	}
	log.New(os.Stderr, "", 0).Printf("Open   %s\nEnter  %s", codes.VerificationURI, codes.UserCode)
	// The library waits, and polls until there is a key or another error than the two of waiting.
	key, err := config.DeviceAccessToken(ctx, codes)
	for ; err != nil; key, err = config.DeviceAccessToken(ctx, codes) {
		refused, ok := err.(*oauth2.RetrieveError)
		if ok && refused.Response.StatusCode < 500 || time.Now().After(codes.Expiry) {
			log.Fatalf("The login failed: %v", err)
		}
		// The connection broke, or the server has a problem: the next poll may work.
		codes.Interval = max(codes.Interval, min(codes.Interval*2, 30))
	}
	whoami, err := config.Client(ctx, key).Get(issuer + "/api/whoami")
	if err != nil {
		log.Fatal(err)
	}
	os.Stdout.ReadFrom(whoami.Body)
}
