group "default" {
  targets = ["all"]
}

group "all" {
  targets = ["app", "default"]
}

target "app" {
  tags = ["ghcr.io/acme/app:1"]
}
