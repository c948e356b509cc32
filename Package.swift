// swift-tools-version: 6.1
import PackageDescription

// The layers, from the lowest up; a target depends on lower layers only.
// Sources/ and ARCHITECTURE.md agree on this table, and Tests/ProjectTests reads the imports to hold it.
let package = Package(
  name: "nibble",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "nibble", targets: ["nibble"]),
    // For Benchmarks/, a package of its own.
    .library(name: "TraceStore", targets: ["Events", "TraceStore"]),
    // For tests, which load it into a nibble that they run.
    .library(name: "Preload", type: .dynamic, targets: ["Preload"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-algorithms", from: "1.2.1"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
  ],
  targets: [
    // 0
    .target(
      name: "Basics",
      dependencies: [
        .product(name: "Algorithms", package: "swift-algorithms"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .target(name: "CKernels"),
    .target(name: "Events"),
    // 1
    .target(name: "Quantization", dependencies: ["CKernels"]),
    // 2
    .target(name: "ModelFiles", dependencies: ["Basics", "CKernels", "Quantization"]),
    // 3
    .target(name: "Tokenization", dependencies: ["ModelFiles"]),
    // 4
    .target(
      name: "Inference",
      dependencies: ["Basics", "CKernels", "Events", "Quantization", "ModelFiles"]),
    // 5
    .target(
      name: "TraceStore",
      dependencies: [
        "Basics", "CKernels", "Events",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      resources: [.embedInCode("SQL"), .embedInCode("Exports/Page/Resources")]),
    // 6
    .target(
      name: "Recording",
      dependencies: [
        "Basics", "CKernels", "Events", "Quantization", "ModelFiles", "Inference", "Tokenization",
        "TraceStore",
      ],
      resources: [.copy("Resources")]),
    // 7
    .target(
      name: "Training",
      dependencies: [
        "CKernels", "Events", "Quantization", "ModelFiles", "Inference", "Recording", "TraceStore",
      ],
      resources: [.embedInCode("training.sql")]),
    .target(name: "CTerminal"),
    .target(
      name: "CLibEdit", dependencies: ["CTerminal"], linkerSettings: [.linkedLibrary("edit")]),
    .target(
      name: "CNcurses", dependencies: ["CTerminal"],
      linkerSettings: [
        .linkedLibrary("ncursesw", .when(platforms: [.linux])),
        .linkedLibrary("tinfo", .when(platforms: [.linux])),
        .linkedLibrary("ncurses", .when(platforms: [.macOS])),
      ]),
    .target(
      name: "Debugger",
      dependencies: [
        "Basics", "CLibEdit", "CNcurses", "CTerminal", "Events", "Quantization", "ModelFiles",
        "Inference", "Recording", "TraceStore",
      ]),
    // 8: adding a lesson to lessons/course needs no edit here.
    .target(
      name: "LessonContent", path: "lessons",
      resources: [.copy("course"), .copy("summary"), .copy("engine")]),
    .target(
      name: "Lessons",
      dependencies: [
        "Basics", "LessonContent", "Debugger", "Training", "Recording", "TraceStore", "Inference",
        "ModelFiles", "Quantization", .product(name: "Yams", package: "Yams"),
      ]),
    // 9
    .executableTarget(
      name: "nibble",
      dependencies: [
        "Basics", "Events", "Lessons", "Debugger", "Recording", "TraceStore", "Inference",
        "Tokenization",
        "ModelFiles", "Quantization",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // All that a test imports: what is left out here is not built again when it changes.
    .testTarget(name: "BasicsTests", dependencies: ["Basics", "TestSupport"]),
    .testTarget(name: "CKernelsTests", dependencies: ["CKernels", "TestSupport"]),
    .testTarget(
      name: "QuantizationTests", dependencies: ["CKernels", "Quantization", "TestSupport"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "ModelFilesTests", dependencies: ["ModelFiles", "Quantization", "TestSupport"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "TokenizationTests", dependencies: ["Tokenization", "ModelFiles", "TestSupport"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "InferenceTests",
      dependencies: [
        "CKernels", "Events", "Inference", "ModelFiles", "Quantization", "TestSupport",
      ],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "TraceStoreTests",
      dependencies: [
        "Basics", "Events", "Inference", "TraceStore", "TestEngine", "TestSupport",
      ]),
    .testTarget(
      name: "RecordingTests",
      dependencies: [
        "Events", "Recording", "TraceStore", "Inference", "ModelFiles", "Quantization",
        "TestEngine", "TestSupport",
      ],
      resources: [.copy("Fixtures")]),
    // Crashes on purpose, beside the tests that start it.
    .executableTarget(
      name: "Crash", dependencies: ["CLibEdit", "CNcurses", "CTerminal"],
      path: "Tests/Crash"),
    .target(
      name: "Preload", path: "Tests/Preload",
      linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    .target(name: "TestSupport", path: "Tests/TestSupport"),
    // Apart, so that tests without an engine are not built again when one changes.
    .target(
      name: "TestEngine",
      dependencies: [
        "Events", "Inference", "ModelFiles", "Quantization", "TraceStore", "TestSupport",
      ],
      path: "Tests/TestEngine"),
    .testTarget(
      name: "DebuggerTests",
      dependencies: [
        "Debugger", "Events", "Recording", "TraceStore", "Inference", "ModelFiles", "Quantization",
        "Basics", "Crash", "TestEngine", "TestSupport",
      ],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "LessonsTests",
      dependencies: [
        "Lessons", "nibble", "Debugger", "Recording", "TraceStore", "Basics", "TestSupport",
      ]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Training", "Recording", "TraceStore", "Quantization", "TestSupport",
      ]),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "nibble", "Events", "Inference", "ModelFiles", "Recording", "TraceStore", "TestEngine",
        "TestSupport",
      ]),
    .testTarget(name: "ProjectTests"),
  ],
  swiftLanguageModes: [.v6]
)
