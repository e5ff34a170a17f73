# bakeplan print
target "a" {
  context = $TAG
}
target "b" {
  context = ${TAG}
}
target "c" {
  tags = [$TAG]
}
