target "app" {
  matrix = { version = ["1.2", "1.3"] }
  name   = "app-${version}"
}

target "web" {
  matrix = { a = [1, 2], b = [1, 2] }
  name   = "web-${a}"
}

target "site" {
  matrix = ["1"]
  name   = "site"
}
