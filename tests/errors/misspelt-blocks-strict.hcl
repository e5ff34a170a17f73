# bakeplan print --strict app
targer "default" {
  tags = ["a"]
}
images "app" {}
target "app" {}
