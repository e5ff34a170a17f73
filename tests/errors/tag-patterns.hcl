target "app" {
  platforms = ["linux/amd64"]
}

image "app" {
  repositories = ["ghcr.io/acme/app"]
  version      = "1.2.3"
  tags         = ["{{ versoin }}", "{{ version", "{{ major | uper }}"]
}
