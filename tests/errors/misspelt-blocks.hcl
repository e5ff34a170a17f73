# bakeplan print
taget "default" {
  tags = ["a"]
}
vairable "TAG" {}
gruop "all" {
  targets = ["default"]
}
func "f" {
  params = []
  result = 1
}
locals {
  other = "tool"
}
