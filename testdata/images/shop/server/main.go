// Command server answers with the shop's greeting, in the caller's language.
package main

import (
	"fmt"
	"os"

	"github.com/dgrijalva/jwt-go"
	"golang.org/x/text/language"
)

func main() {
	want, _, err := language.ParseAcceptLanguage(os.Getenv("ACCEPT_LANGUAGE"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	token := jwt.New(jwt.SigningMethodHS256)
	fmt.Println(want, token.Header["alg"])
}
