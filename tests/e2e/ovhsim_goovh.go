// Drives the simulator with OVHcloud's own Go client (Debian: golang-github-ovh-go-ovh-dev); prints TAP.
// Arguments: base URL, application key, application secret, consumer key.
package main

import (
	"fmt"
	"os"

	"github.com/ovh/go-ovh/ovh"
)

var tests, failed int

func ok(what string, good bool, detail interface{}) {
	tests++
	if good {
		fmt.Printf("ok %d - %s\n", tests, what)
		return
	}
	failed++
	fmt.Printf("not ok %d - %s\n# %v\n", tests, what, detail)
}

type task struct {
	ID       int64  `json:"id"`
	Function string `json:"function"`
	Status   string `json:"status"`
}

type record struct {
	ID        int64  `json:"id"`
	FieldType string `json:"fieldType"`
	SubDomain string `json:"subDomain"`
	Target    string `json:"target"`
	TTL       int64  `json:"ttl"`
}

func zone(c *ovh.Client) {
	var made, read record
	var ids []int64
	err := c.Post("/domain/zone/goovh.example/record",
		map[string]interface{}{"fieldType": "TXT", "subDomain": "hello", "target": "\"world\"", "ttl": 300}, &made)
	ok("POST a record", err == nil && made.ID != 0, err)
	err = c.Get("/domain/zone/goovh.example/record?fieldType=TXT&subDomain=hello", &ids)
	ok("GET its id with a query", err == nil && len(ids) == 1 && ids[0] == made.ID, err)
	path := fmt.Sprintf("/domain/zone/goovh.example/record/%d", made.ID)
	err = c.Put(path, map[string]interface{}{"target": "\"there\""}, nil)
	ok("PUT another target", err == nil, err)
	err = c.Get(path, &read)
	ok("GET it back", err == nil && read.Target == "\"there\"" && read.TTL == 300, read)
	err = c.Post("/domain/zone/goovh.example/refresh", nil, nil)
	ok("POST refresh without a body", err == nil, err)
	err = c.Delete(path, nil)
	ok("DELETE it", err == nil, err)
	err = c.Get(path, &read)
	api, isAPI := err.(*ovh.APIError)
	ok("then it is 404 with a query id", isAPI && api.Code == 404 && api.QueryID != "", err)
}

func dkim(c *ovh.Client) {
	var names, there []string
	var t task
	base := "/email/exchange/hosted-zz1-1/service/hosted-zz1-1/domain/goovh.example"
	err := c.Get(base+"/dkimSelector", &names)
	ok("GET the names reserved for selectors", err == nil && len(names) == 2, names)
	err = c.Get(base+"/dkim", &there)
	ok("none of which exists", err == nil && len(there) == 0, there)
	if len(names) == 0 {
		return
	}
	err = c.Post(base+"/dkim", map[string]interface{}{
		"selectorName": names[0], "autoEnableDKIM": false, "configureDkim": false}, &t)
	ok("POST one: a task", err == nil && t.ID != 0 && t.Function == "addExchangeDomainDKIM", err)
	err = c.Get(fmt.Sprintf("/email/exchange/hosted-zz1-1/service/hosted-zz1-1/task/%d", t.ID), &t)
	ok("GET the task", err == nil && t.Status != "", err)
	err = c.Post(base+"/dkim/"+names[1]+"/enable", nil, &t)
	_, isAPI := err.(*ovh.APIError)
	ok("enabling what is not there is an API error", isAPI, err)
}

func main() {
	c, err := ovh.NewClient(os.Args[1], os.Args[2], os.Args[3], os.Args[4])
	if err != nil {
		fmt.Println("Bail out!", err)
		os.Exit(1)
	}
	now, err := c.Time()
	ok("the time", err == nil && now != nil, err)
	err = c.Ping()
	ok("ping", err == nil, err)
	var credential struct {
		Status string `json:"status"`
	}
	err = c.Get("/auth/currentCredential", &credential)
	ok("who am I", err == nil && credential.Status == "validated", err)
	zone(c)
	dkim(c)
	wrong, _ := ovh.NewClient(os.Args[1], os.Args[2], "wrong", os.Args[4])
	err = wrong.Get("/domain/zone", nil)
	api, isAPI := err.(*ovh.APIError)
	ok("a wrong secret is an invalid signature", isAPI && api.Code == 400 && api.Message == "Invalid signature", err)
	fmt.Printf("1..%d\n", tests)
	if failed > 0 {
		os.Exit(1)
	}
}
