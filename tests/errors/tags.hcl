target "app" {
  platforms = ["linux/amd64"]
}

image "app" {
  repositories = ["ghcr.io/acme/app"]
  tags         = ["a b", ".hidden", join("", [for i in range(129) : "x"])]
}
