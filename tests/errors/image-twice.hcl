target "app" {
  tags = ["ghcr.io/acme/app:1"]
}

image {
  on_missing = "drop"
}

image "app" {}

image "app" {
  tags = ["2"]
}

image "" {
  jobs = "target"
}
