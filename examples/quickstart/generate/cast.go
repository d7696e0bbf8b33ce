package main

// person is somebody who signs in. home is the tenant of the account.
type person struct {
	name, upn, id, home string
	place               location
	disabled            bool
}

const (
	contoso  = "0c0a7050-0000-4000-8000-00000000c050"
	fabrikam = "0c0a7050-0000-4000-8000-00000000fab1"
)

func place(city, state, country string, lat, long float64) location {
	return location{city, state, country, coordinates{Latitude: lat, Longitude: long}}
}

// people of contoso.example first, guests from fabrikam.example last.
func people() []person {
	berlin := place("Berlin", "Berlin", "DE", 52.52, 13.405)
	lyon := place("Lyon", "Rhône", "FR", 45.764, 4.8357)
	osaka := place("Osaka", "Osaka", "JP", 34.6937, 135.5023)
	cairo := place("Cairo", "Al Qahirah", "EG", 30.0444, 31.2357)
	pune := place("Pune", "Maharashtra", "IN", 18.5204, 73.8567)
	recife := place("Recife", "Pernambuco", "BR", -8.0476, -34.877)
	accra := place("Accra", "Greater Accra", "GH", 5.6037, -0.187)
	cast := []person{
		{name: "Annika Sørensen", upn: "annika.soerensen", place: berlin},
		{name: "Jürgen Weiß", upn: "juergen.weiss", place: berlin},
		{name: "Zoë O'Connor-Bloß", upn: "zoe.oconnor", place: berlin},
		{name: "Élodie Lefèvre", upn: "elodie.lefevre", place: lyon},
		{name: "François d'Arc", upn: "francois.darc", place: lyon},
		{name: "山田 花子", upn: "hanako.yamada", place: osaka},
		{name: "佐藤 健", upn: "ken.sato", place: osaka},
		{name: "ليلى حسن", upn: "layla.hassan", place: cairo},
		{name: "عمر فاروق", upn: "omar.farouk", place: cairo},
		{name: "प्रिया शर्मा", upn: "priya.sharma", place: pune},
		{name: "Rahul Deshpande", upn: "rahul.deshpande", place: pune},
		{name: "João Araújo", upn: "joao.araujo", place: recife},
		{name: "Conceição Vidal", upn: "conceicao.vidal", place: recife},
		{name: "Kwame Ɔkyere", upn: "kwame.okyere", place: accra},
		{name: "Ελένη Παππά", upn: "eleni.pappa", place: berlin},
		{name: "Олена Коваль", upn: "olena.koval", place: berlin},
		{name: "דניאל לוי", upn: "daniel.levi", place: lyon},
		{name: "김민준", upn: "minjun.kim", place: osaka},
		{name: "สมชาย ใจดี", upn: "somchai.jaidee", place: pune},
		{name: "Nguyễn Thị Hồng", upn: "hong.nguyen", place: lyon},
		{name: "Pat Leaver", upn: "pat.leaver", place: berlin, disabled: true},
		{name: "Break Glass 1", upn: "breakglass1", place: berlin},
		{name: "Ingrid Auditor (guest)", upn: "ingrid.auditor", home: fabrikam, place: lyon},
		{name: "Tomás Říha (guest)", upn: "tomas.riha", home: fabrikam, place: berlin},
	}
	for i := range cast {
		domain := "@contoso.example"
		if cast[i].home == fabrikam {
			domain = "@fabrikam.example"
		} else {
			cast[i].home = contoso
		}
		cast[i].upn += domain
	}
	return cast
}

type app struct{ name, id, resource, resourceID, client string }

// apps are invented; their ids are of no real application.
func apps() []app {
	return []app{
		{"Contoso Mail", "a0000000-0000-4000-8000-000000000001", "Contoso Mail Service", "b0000000-0000-4000-8000-000000000001", "Browser"},
		{"Contoso Mail", "a0000000-0000-4000-8000-000000000001", "Contoso Mail Service", "b0000000-0000-4000-8000-000000000001", "Mobile Apps and Desktop clients"},
		{"Contoso Wiki", "a0000000-0000-4000-8000-000000000002", "Contoso Wiki", "b0000000-0000-4000-8000-000000000002", "Browser"},
		{"Payroll & Time", "a0000000-0000-4000-8000-000000000003", "Payroll API", "b0000000-0000-4000-8000-000000000003", "Browser"},
		{"Cloud Console", "a0000000-0000-4000-8000-000000000004", "Management API", "b0000000-0000-4000-8000-000000000004", "Browser"},
		{"Contoso Chat", "a0000000-0000-4000-8000-000000000006", "Contoso Chat", "b0000000-0000-4000-8000-000000000006", "Mobile Apps and Desktop clients"},
		{"Travel “Fernweh”", "a0000000-0000-4000-8000-000000000007", "Travel API", "b0000000-0000-4000-8000-000000000007", "Browser"},
		{"Meeting Rooms", "a0000000-0000-4000-8000-000000000008", "Calendar", "b0000000-0000-4000-8000-000000000008", "Browser"},
		{"Source Hosting", "a0000000-0000-4000-8000-000000000009", "Source Hosting", "b0000000-0000-4000-8000-000000000009", "Browser"},
		{"Contoso Wiki", "a0000000-0000-4000-8000-000000000002", "Contoso Wiki", "b0000000-0000-4000-8000-000000000002", "Mobile Apps and Desktop clients"},
		{"Old Scanner", "a0000000-0000-4000-8000-000000000005", "Contoso Mail Service", "b0000000-0000-4000-8000-000000000001", "Authenticated SMTP"},
	}
}

type agent struct{ text, system, browser string }

func agents() []agent {
	return []agent{
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0", "Windows10", "Edge 141.0.0"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15", "MacOs", "Safari 18.1"},
		{"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Linux", "Firefox 143.0"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148", "Ios", "Mobile Safari"},
	}
}

// failure is a reason why a sign-in does not succeed, in this project's words.
type failure struct {
	code   int
	reason string
	policy string // the conditional access policy that asked or refused, if one did
}

func failures() []failure {
	return []failure{
		{50126, "The user name or the password is wrong.", ""},
		{50126, "The user name or the password is wrong.", ""},
		{50074, "A second factor was asked for and not given.", "Second factor for everybody"},
		{53003, "Access was refused by a conditional access policy.", "Block old protocols"},
		{50055, "The password has expired.", ""},
		{500121, "The second factor was not confirmed.", "Second factor for everybody"},
		{50140, "The user was asked whether to stay signed in.", ""},
		{65001, "Nobody has consented to what the application asks for.", ""},
	}
}

// policies of the tenant: each sign-in lists all of them.
func policies() []policy {
	names := []string{
		"Second factor for everybody",
		"Block old protocols",
		"Compliant device for payroll (owner: Annika)",
		"Report only: phishing-resistant methods",
	}
	all := make([]policy, len(names))
	for i, n := range names {
		all[i] = policy{
			ID:          "c0000000-0000-4000-8000-00000000000" + string(rune('1'+i)),
			DisplayName: n, EnforcedGrantControls: []string{}, EnforcedSession: []string{},
			Result: "notApplied", ConditionsSatisfied: "none", ConditionsNotSatisfied: "application",
		}
	}
	all[0].EnforcedGrantControls = []string{"Mfa"}
	all[1].EnforcedGrantControls = []string{"Block"}
	all[2].EnforcedGrantControls = []string{"RequireCompliantDevice"}
	all[3].Result = "reportOnlyNotApplied"
	return all
}
