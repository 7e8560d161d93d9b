// Logs in at the server of the first argument, and prints whose key it got.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	issuer := os.Args[1]
	config := oauth2.Config{ClientID: "acme-cli", Scopes: []string{"whoami"}, Endpoint: oauth2.Endpoint{
		DeviceAuthURL: issuer + "/oauth/device/authorize",
		TokenURL:      issuer + "/oauth/device/token",
		AuthStyle:     oauth2.AuthStyleInParams,
	}}
	web := &http.Client{Transport: agent{}, Timeout: 10 * time.Second}
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, web)
	host, _ := os.Hostname()
	codes, err := config.DeviceAuth(ctx, oauth2.SetAuthURLParam("device_name", host))
	if err != nil {
		log.Fatalf("The login failed: %v", err)
	}
	fmt.Fprintf(os.Stderr, "Open   %s\nEnter  %s\n", codes.VerificationURI, codes.UserCode)
	// The library waits, and polls until there is a key or another error than the two of waiting.
	key, err := config.DeviceAccessToken(ctx, codes)
	for err != nil {
		var refused *oauth2.RetrieveError
		isFinal := errors.As(err, &refused) && refused.Response.StatusCode < 500
		if isFinal || time.Now().After(codes.Expiry) {
			log.Fatalf("The login failed: %v", err)
		}
		// The connection broke, or the server has a problem: the next poll may work.
		codes.Interval = max(codes.Interval, min(codes.Interval*2, 30))
		key, err = config.DeviceAccessToken(ctx, codes)
	}
	whoami, err := config.Client(ctx, key).Get(issuer + "/api/whoami")
	if err != nil {
		log.Fatal(err)
	}
	io.Copy(os.Stdout, whoami.Body)
}
