# var keys=["contoso", "fabrikam"]
variable "keys" { type = set(string) }
variable "password" {
  type      = string
  sensitive = true
  default   = "hunter2-5up3r"
}

tenant "corp" {
  id    = "11111111-2222-3333-4444-555555555555"
  cloud = "us_gov"
  auth "client_secret" {
    client_id = "22222222-3333-4444-5555-666666666666"
    secert    = "hunter2-5up3r"
  }
}
tenant "good" {
  id = "11111111-2222-3333-4444-555555555555"
  auth "client_certificat" { client_id = "22222222-3333-4444-5555-666666666666" }
}
tenant "nameless" {
  auth "managed_identity" { tenant_id = "x" }
}
tenant "many" {
  id = "common"
  budget { share = 50 }
}
tenant "shown" {
  id = var.password
  auth "client_certificate" {
    client_id        = "22222222-3333-4444-5555-666666666666"
    certificate_path = "corp.pem"
    certificate      = var.password
  }
}
tenant "demo" {
  simulate {
    seed  = 7
    users = 0
    start = "yesterday"
    faults {
      late     = 1.5
      cut_bdy  = 0.1
      timeouts = "often"
    }
  }
}
tenant "customers" {
  for_each = var.keys
  id       = "${each.key}.onmicrosoft.com"
}
tenant "customers" { id = "twice.example.com" }
tenant "backwards" {
  for_each = source.entra.text
  id       = each.key
}
tenant "circle" {
  for_each = tenant.circle
  id       = each.key
}
tenant {
  auth "client_secret" { secret = "hunter2-5up3r" }
}

source "entra" "unknown" {
  tenant = tenant.corpp
  log    = "sign_ins"
}
source "entra" "far" {
  tenant = tenant.zzzzzzzzzzzz
  log    = "sign_ins"
}
source "entra" "text" {
  tenant = "corp"
  log    = "sign_ins"
}
source "entra" "string" {
  tenant = "${tenant.good}"
  log    = "sign_ins"
}
source "entra" "bare" {
  tenant = tenant
  log    = "sign_ins"
}
source "entra" "all" {
  tenant = tenant.customers
  log    = "sign_ins"
}
source "entra" "key" {
  tenant = tenant.customers["adatum"]
  log    = "sign_ins"
}
source "entra" "member" {
  tenant = tenant.good.id
  log    = "sign_ins"
}
source "entra" "feed" {
  tenant = source.file.demo
  log    = "sign_ins"
}
source "entra" "number" {
  tenant = 5
  log    = "sign_ins"
}
source "entra" "none" {
  log = "sign_ins"
}
source "entra" "one" {
  for_each = tenant.demo
  tenant   = each.value
  log      = "sign_ins"
}
source "entra" "each" {
  for_each = tenant.customers
  tenant   = each.value
  log      = each.value
}
source "entra" "secretly" {
  tenant = var.password == "x" ? tenant.good : tenant.many
  log    = "sign_ins"
}
source "file" "demo" {
  paths  = [tenant.good]
  tenant = tenant.good
}
transform "filter" "fed" {
  from      = tenant.good
  condition = true
}
transform "filter" "fed_by_all" {
  from      = values(tenant.customers)
  condition = true
}
sink "local" "path" {
  from = []
  path = "out/${tenant.good}/${slice.name}"
}
moved {
  from = tenant.old
  to   = tenant.good
}
