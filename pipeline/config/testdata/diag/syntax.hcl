source "file" "a" {
  paths = ["x"
  token = "do-not-show"
}
