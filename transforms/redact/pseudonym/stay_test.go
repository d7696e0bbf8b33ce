package pseudonym_test

// stay holds pseudonyms as they were made first, under the key 2026-11, tenant
// "tenant" and recipient "recipient".
var stay = map[string]string{
	"adele@contoso.com":                    "person_lmoiy6lg6scqziiohfem",
	"Adele_contoso.com#EXT#@fabrikam.com":  "person_lmoiy6lg6scqziiohfem",
	"3F2504E0-4F89-11D3-9A0C-0305E82C3301": "guid_pnpgj5hf2prd2ik65ao3",
	"::ffff:192.0.2.7":                     "ip_h5vv7qmpuvfbamllqidi",
	"2001:db8::1":                          "ip_zj3jm3k7pzoujl5u74eq",
	"+49 151 12345678":                     "phone_4oial6vgjw4cmsxfbd7a",
	"José Ñandú":                           "text_mlzed4g2qzdtubh4edyr",
}
