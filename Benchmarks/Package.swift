// swift-tools-version: 6.1
import PackageDescription

// Measurements, apart from the package they measure. One executable each:
//
//   swift run -c release --package-path Benchmarks events
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "nibble", path: "..")],
  targets: [
    .target(name: "EventLoop", linkerSettings: [.linkedLibrary("sqlite3")]),
    .executableTarget(
      name: "events",
      dependencies: ["EventLoop", .product(name: "TraceStore", package: "nibble")]),
  ],
  swiftLanguageModes: [.v6]
)
