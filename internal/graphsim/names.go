package graphsim

// word is a name as people write it, and as it stands in an address.
type word struct{ text, ascii string }

// culture is where a person's name comes from.
type culture struct {
	first, last []word
	familyFirst bool // the family name comes first, without a space
	places      []int
}

// The names, by culture. They are common ones and put together by chance.
var cultures = [...]culture{
	{places: []int{0, 1, 2}, first: []word{{"Jörg", "joerg"}, {"Anneliese", "anneliese"}, {"Björn", "bjoern"}, {"Käthe", "kaethe"}, {"Matthias", "matthias"}, {"Zoë", "zoe"}, {"Karl-Heinz", "karl-heinz"}, {"Ines", "ines"}},
		last: []word{{"Müller", "mueller"}, {"Schäfer", "schaefer"}, {"Weiß", "weiss"}, {"von der Heide", "vonderheide"}, {"Öztürk", "oeztuerk"}, {"Brückner-Lang", "brueckner-lang"}, {"Koch", "koch"}}},
	{places: []int{3, 4}, first: []word{{"Renée", "renee"}, {"François", "francois"}, {"Chloé", "chloe"}, {"Benoît", "benoit"}, {"Maëlle", "maelle"}, {"Théo", "theo"}},
		last: []word{{"D'Angelo", "dangelo"}, {"Lefèvre", "lefevre"}, {"Dupont", "dupont"}, {"de La Tour", "delatour"}, {"Gagné", "gagne"}, {"L'Hôpital", "lhopital"}}},
	{places: []int{5}, first: []word{{"Łukasz", "lukasz"}, {"Małgorzata", "malgorzata"}, {"Zdzisław", "zdzislaw"}, {"Agnieszka", "agnieszka"}, {"Jiří", "jiri"}},
		last: []word{{"Kowalski", "kowalski"}, {"Wójcik", "wojcik"}, {"Dąbrowska", "dabrowska"}, {"Dvořák", "dvorak"}, {"Świątek", "swiatek"}}},
	{places: []int{6, 7}, first: []word{{"João", "joao"}, {"Conceição", "conceicao"}, {"Íñigo", "inigo"}, {"María José", "mariajose"}, {"Núria", "nuria"}},
		last: []word{{"Gonçalves", "goncalves"}, {"Núñez", "nunez"}, {"Araújo", "araujo"}, {"Peña y Lillo", "penaylillo"}, {"da Silva", "dasilva"}}},
	{places: []int{8, 9, 10, 11}, first: []word{{"Olivia", "olivia"}, {"Liam", "liam"}, {"Siobhán", "siobhan"}, {"Aaliyah", "aaliyah"}, {"Trey", "trey"}, {"Mary-Ann", "mary-ann"}, {"Grace", "grace"}, {"Dwayne", "dwayne"}},
		last: []word{{"O'Brien", "obrien"}, {"Smith", "smith"}, {"Washington", "washington"}, {"McAllister", "mcallister"}, {"Nguyen", "nguyen"}, {"Begay", "begay"}, {"Jones-Carter", "jones-carter"}}},
	{places: []int{12}, first: []word{{"Οδυσσέας", "odysseas"}, {"Ελένη", "eleni"}, {"Γιώργος", "giorgos"}, {"Ιωάννα", "ioanna"}},
		last: []word{{"Παπαδόπουλος", "papadopoulos"}, {"Οικονόμου", "oikonomou"}, {"Βασιλείου", "vasileiou"}}},
	{places: []int{13}, first: []word{{"Марія", "mariia"}, {"Олександр", "oleksandr"}, {"Ганна", "hanna"}, {"Дмитро", "dmytro"}},
		last: []word{{"Шевченко", "shevchenko"}, {"Коваленко", "kovalenko"}, {"Мельник", "melnyk"}, {"Бойко", "boiko"}}},
	{places: []int{14}, first: []word{{"فاطمة", "fatima"}, {"محمد", "mohammed"}, {"ليلى", "layla"}, {"عبد الرحمن", "abdulrahman"}},
		last: []word{{"الحسن", "alhassan"}, {"القاسمي", "alqasimi"}, {"بن زايد", "binzayed"}}},
	{places: []int{15}, first: []word{{"דוד", "david"}, {"נועה", "noa"}, {"איתי", "itai"}}, last: []word{{"כהן", "cohen"}, {"לוי", "levi"}, {"בן־דוד", "bendavid"}}},
	{places: []int{16, 17}, first: []word{{"प्रिया", "priya"}, {"अर्जुन", "arjun"}, {"Lakshmi", "lakshmi"}, {"கவிதா", "kavitha"}, {"Rahul", "rahul"}},
		last: []word{{"शर्मा", "sharma"}, {"Venkataraman", "venkataraman"}, {"पटेल", "patel"}, {"Iyer", "iyer"}}},
	{places: []int{18, 19}, familyFirst: true, first: []word{{"さくら", "sakura"}, {"翔太", "shota"}, {"美咲", "misaki"}, {"健一", "kenichi"}},
		last: []word{{"田中", "tanaka"}, {"佐藤", "sato"}, {"渡邊", "watanabe"}, {"髙橋", "takahashi"}}},
	{places: []int{20}, familyFirst: true, first: []word{{"明", "ming"}, {"小丽", "xiaoli"}, {"伟", "wei"}, {"𠮷", "ji"}}, last: []word{{"王", "wang"}, {"欧阳", "ouyang"}, {"李", "li"}, {"张", "zhang"}}},
	{places: []int{21}, familyFirst: true, first: []word{{"민준", "minjun"}, {"서연", "seoyeon"}, {"지우", "jiwoo"}}, last: []word{{"김", "kim"}, {"박", "park"}, {"이", "lee"}}},
	{places: []int{22}, first: []word{{"İpek", "ipek"}, {"Çağlar", "caglar"}, {"Işıl", "isil"}}, last: []word{{"Yılmaz", "yilmaz"}, {"Şahin", "sahin"}, {"Doğan", "dogan"}}},
	{places: []int{23}, first: []word{{"Nguyễn Thị Hồng", "hong"}, {"Đức", "duc"}, {"Phương", "phuong"}}, last: []word{{"Trần", "tran"}, {"Lê", "le"}, {"Phạm", "pham"}}},
}

// suffixes stand behind one display name in thirty: what people and scripts
// put there, and what breaks careless readers.
var suffixes = [...]string{" (External)", ", IT & Security", " <Contractor>", ` "Bob"`, " | Finance", " – Leave", " \u202e(rtl)", " ✈️", " / Admin", `\Ops`}

// place is a city where people live, work or travel.
type place struct {
	city, state, country string
	latitude, longitude  string
	zone                 int // hours east of UTC
	network              int // autonomous system
}

var places = [...]place{
	{"Berlin", "Berlin", "DE", "52.52437", "13.41053", 1, 3320},
	{"München", "Bayern", "DE", "48.13743", "11.57549", 1, 8881},
	{"Zürich", "Zürich", "CH", "47.36667", "8.55", 1, 3303},
	{"Paris", "Île-de-France", "FR", "48.85341", "2.3488", 1, 3215},
	{"Montréal", "Québec", "CA", "45.50884", "-73.58781", -5, 577},
	{"Kraków", "Małopolskie", "PL", "50.06143", "19.93658", 1, 5617},
	{"Lisboa", "Lisboa", "PT", "38.71667", "-9.13333", 0, 3243},
	{"São Paulo", "São Paulo", "BR", "-23.5475", "-46.63611", -3, 27699},
	{"London", "England", "GB", "51.50853", "-0.12574", 0, 2856},
	{"Seattle", "Washington", "US", "47.60621", "-122.33207", -8, 7922},
	{"Austin", "Texas", "US", "30.26715", "-97.74306", -6, 7018},
	{"New York", "New York", "US", "40.71427", "-74.00597", -5, 701},
	{"Αθήνα", "Αττική", "GR", "37.98376", "23.72784", 2, 6799},
	{"Київ", "Київ", "UA", "50.45466", "30.5238", 2, 15895},
	{"دبي", "دبي", "AE", "25.0657", "55.17128", 4, 5384},
	{"Tel Aviv-Yafo", "Tel Aviv", "IL", "32.08088", "34.78057", 2, 8551},
	{"Bengaluru", "Karnātaka", "IN", "12.97194", "77.59369", 5, 9829},
	{"Chennai", "Tamil Nādu", "IN", "13.08784", "80.27847", 5, 24560},
	{"東京", "東京都", "JP", "35.6895", "139.69171", 9, 2516},
	{"Osaka", "Ōsaka", "JP", "34.69374", "135.50218", 9, 17676},
	{"上海", "上海市", "CN", "31.22222", "121.45806", 8, 4134},
	{"서울", "서울특별시", "KR", "37.566", "126.9784", 9, 4766},
	{"İstanbul", "İstanbul", "TR", "41.01384", "28.94966", 3, 9121},
	{"Hà Nội", "Hà Nội", "VN", "21.0245", "105.84117", 7, 45899},
	{"Reykjavík", "Höfuðborgarsvæðið", "IS", "64.13548", "-21.89541", 0, 6677},
	{"Nairobi", "Nairobi County", "KE", "-1.28333", "36.81667", 3, 33771},
}
