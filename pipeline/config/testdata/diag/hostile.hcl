# var k=hunter2secret
variable "k" {
  sensitive = true
}
source "file" "a" {
  paths = "x‮evil⁦"
  token = "inline-secret-value"
  tokn  = "inline-secret-value"
}
source "fil" "b" {
  paths = [tonumber(var.k)]
  token = "another-secret" + 1
}
