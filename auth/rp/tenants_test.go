package rp_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"vestibule.example/auth/rp"
)

const (
	ours     = "11111111-2222-3333-4444-555555555555"
	theirs   = "99999999-2222-3333-4444-555555555555"
	personal = "9188040d-6c67-4c5b-b112-36a304b66dad"
)

// Entra ID's issuers: what the discovery document may name, and whose tokens are good, by the authority configured. The
// tenants on the list are ours alone.
func TestEntraTenants(t *testing.T) {
	version2 := func(tenant string) string { return issuer + "/" + tenant + "/v2.0" }
	version1 := func(tenant string) string { return "https://sts.windows.net/" + tenant + "/" }
	for name, row := range map[string]struct {
		authority, discovered, iss, tid string
		refused                         string
	}{
		"one tenant":                        {version2(ours), version2(ours), version2(ours), ours, ""},
		"one tenant, a token of another":    {version2(ours), version2(ours), version2(theirs), theirs, "iss"},
		"several, and ours":                 {version2("organizations"), version2("{tenantid}"), version2(ours), ours, ""},
		"several, written otherwise":        {version2("common"), version2("{tenantid}"), version2(strings.ToUpper(ours)), strings.ToUpper(ours), ""},
		"several, and a tenant not listed":  {version2("common"), version2("{tenantid}"), version2(theirs), theirs, "tid"},
		"several, ours by its word alone":   {version2("common"), version2("{tenantid}"), version2(theirs), ours, "iss"},
		"several, a tenant without a name":  {version2("common"), version2("{tenantid}"), version2(""), "", "iss"},
		"several, an issuer of the place":   {version2("common"), version2("{tenantid}"), version2("{tenantid}"), "{tenantid}", "tid"},
		"several, a stranger as issuer":     {version2("common"), version2("{tenantid}"), "https://stranger.example/" + ours + "/v2.0", ours, "iss"},
		"personal accounts":                 {version2("consumers"), version2(personal), version2(personal), personal, ""},
		"personal accounts, but at work":    {version2("consumers"), version2(personal), version2(ours), ours, "iss"},
		"version 1":                         {issuer + "/" + ours, version1(ours), version1(ours), ours, ""},
		"version 1, a token of version 2":   {issuer + "/" + ours, version1(ours), version2(ours), ours, "iss"},
		"version 1, several":                {issuer + "/common", version1("{tenantid}"), version1(ours), ours, ""},
		"version 1, a tenant not listed":    {issuer + "/common/", version1("{tenantid}"), version1(theirs), theirs, "tid"},
		"version 1, several, by their word": {issuer + "/common", version1("{tenantid}"), version1(theirs), ours, "iss"},
	} {
		o := newOP(t, of("entra", func(cfg *rp.Config) {
			cfg.Issuer = row.authority
			if several, _ := rp.SeveralTenants(row.authority); several {
				cfg.Tenants = []string{ours}
			}
		}))
		o.metadata["issuer"] = row.discovered
		delete(o.metadata, "authorization_response_iss_parameter_supported")
		o.idToken = func(claims map[string]any) {
			claims["iss"], claims["tid"] = row.iss, row.tid
			if row.tid == "" {
				delete(claims, "tid")
			}
		}
		_, err := o.exchange()
		if got := refusedBy(err); got != row.refused {
			t.Errorf("%s: refused by %q, want %q", name, got, row.refused)
		}
		if row.refused == "tid" && !strings.Contains(err.Error(), "identity.tenants") {
			t.Errorf("%s: %v, want the key named", name, err)
		}
	}
}

// The discovery document of another authority is not taken for ours.
func TestEntraDiscoveryOfAnother(t *testing.T) {
	for authority, discovered := range map[string]string{
		issuer + "/" + ours + "/v2.0":   issuer + "/" + theirs + "/v2.0",
		issuer + "/common/v2.0":         "https://stranger.example/{tenantid}/v2.0",
		issuer + "/organizations/v2.0":  issuer + "/" + theirs + "/v2.0",
		issuer + "/" + ours:             issuer + "/" + ours + "/v2.0",
		issuer + "/" + theirs + "/v2.0": issuer + "/{tenantid}/v2.0",
	} {
		o := newOP(t, of("entra", func(cfg *rp.Config) {
			cfg.Issuer = authority
			if several, _ := rp.SeveralTenants(authority); several {
				cfg.Tenants = []string{ours}
			}
		}))
		o.metadata["issuer"] = discovered
		if _, err := o.authorize(nil); !errors.Is(err, rp.ErrInvalidAnswer) {
			t.Errorf("%s answered as %s: %v, want a refusal", authority, discovered, err)
		}
	}
}

// ISS-2: an authorization response that names an issuer names that of a tenant on the list.
func TestEntraResponseIssuer(t *testing.T) {
	o := newOP(t, of("entra", func(cfg *rp.Config) {
		cfg.Issuer, cfg.Tenants = issuer+"/common/v2.0", []string{ours}
	}))
	o.metadata["issuer"] = issuer + "/{tenantid}/v2.0"
	delete(o.metadata, "authorization_response_iss_parameter_supported")
	for tenant, ok := range map[string]bool{ours: true, theirs: false, "{tenantid}": false, "common": false} {
		err := o.rp.CheckResponse(t.Context(), url.Values{"code": {"c"}, "iss": {issuer + "/" + tenant + "/v2.0"}})
		if (err == nil) != ok || !ok && !errors.Is(err, rp.ErrIssuerMismatch) {
			t.Errorf("iss of %s: %v, want %v", tenant, err, ok)
		}
	}
}

func TestFaultsOfProfiles(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*rp.Config)
		want   string
	}{
		"no list of tenants":      {of("entra", func(c *rp.Config) { c.Issuer = issuer + "/common/v2.0" }), "Tenants must list"},
		"no authority":            {of("entra"), "Issuer must have the form"},
		"an authority too long":   {of("entra", func(c *rp.Config) { c.Issuer = issuer + "/a/b/v2.0" }), "Issuer must have the form"},
		"a list for one tenant":   {of("entra", func(c *rp.Config) { c.Issuer, c.Tenants = issuer+"/"+ours+"/v2.0", []string{ours} }), "Tenants is for"},
		"a list for no tenants":   {of("auth0", func(c *rp.Config) { c.Tenants = []string{ours} }), "Tenants is for"},
		"federated, of nobody":    {of("okta", func(c *rp.Config) { c.FederatedLogout = true }), "FederatedLogout"},
		"a profile nobody has":    {of("auth1"), "no profile"},
		"no authority, but a URL": {of("entra", func(c *rp.Config) { c.Issuer = "%" }), "Issuer"},
	} {
		cfg := rp.Config{Issuer: issuer, ClientID: clientID, RedirectURI: redirectURI}
		row.change(&cfg)
		if _, err := rp.New(cfg); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %s", name, err, row.want)
		}
	}
}
