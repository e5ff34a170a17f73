# bakeplan plan --fact ref=refs/pull/7/merge
target "app" {
  platforms = ["linux/amd64"]
}

image "app" {
  repositories = ["ghcr.io/acme/app"]
  tags = [
    "type=semvar,pattern={{version}}",
    "type=match,pattern=\\d{1,3}.\\d",
    "type=raw,value=a/b",
    { pattern = "type=sha,enabled=true", when = "branch" },
    "latest=auto",
  ]
  flavor   = ["latest=true", "suffix=-arm64;latest=false"]
  channels = ["type=raw,value=next"]
}

target "other" {
  platforms = ["linux/amd64"]
}

image "other" {
  repositories = ["ghcr.io/acme/other"]
  tags         = ["type=sha,prefix={{branch}}-", { pattern = "type=edge", when = "brunch" }]
}
