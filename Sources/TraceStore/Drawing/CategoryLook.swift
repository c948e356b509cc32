import Events

/// How a category of memory is called and drawn.
public struct CategoryLook: Sendable {
  /// The name for a reader; close enough to the schema's to find that by.
  public let label: String
  /// The same in one word.
  public let word: String
  /// Colours of pictures on a light and on a dark ground, as CSS has them: after Okabe and Ito,
  /// whose colours colour-blind people tell apart. A terminal's are the nearest that it has.
  let light, dark: String
  /// Of a terminal's 256 colours, a mid-tone that is readable on a dark and on a light ground.
  public let cube: Int
  /// Of a terminal's eight colours.
  public let basic: Int
  /// What it is filled with where there is no colour, in Unicode and in ASCII.
  public let fill, asciiFill: String
}

extension MemoryCategory {
  /// How it is called and drawn.
  public var look: CategoryLook {
    switch self {
    case .weights:
      CategoryLook(
        label: "packed weights", word: "weights", light: "#0072b2", dark: "#3f9bd4", cube: 67,
        basic: 4, fill: "░", asciiFill: ".")
    case .weightsDequantized:
      CategoryLook(
        label: "dequantized weights", word: "dequantized", light: "#d07a00", dark: "#f0a020",
        cube: 208, basic: 3, fill: "█", asciiFill: "#")
    case .kvCache:
      CategoryLook(
        label: "KV cache", word: "KV", light: "#009e73", dark: "#2bb58c", cube: 71, basic: 2,
        fill: "▒", asciiFill: "k")
    case .recurrentState:
      CategoryLook(
        label: "recurrent state", word: "state", light: "#8c8000", dark: "#d8cc3a", cube: 142,
        basic: 1, fill: "▚", asciiFill: "s")
    case .activations:
      CategoryLook(
        label: "activations", word: "activations", light: "#b8609a", dark: "#cc79a7", cube: 133,
        basic: 5, fill: "▓", asciiFill: "a")
    case .workspace:
      CategoryLook(
        label: "workspace", word: "workspace", light: "#8a8a8a", dark: "#9a9a9a", cube: 245,
        basic: 7, fill: "∷", asciiFill: "w")
    case .logits:
      CategoryLook(
        label: "logits", word: "logits", light: "#3a98cf", dark: "#7cc7f2", cube: 74, basic: 6,
        fill: "╳", asciiFill: "l")
    }
  }

  /// The name for a reader.
  public var label: String { look.label }

  /// In a stacked plot from the axis upwards. The tiles come last: they rise and fall, and what
  /// lies above them would rise and fall with them.
  public static let stack = allCases.filter { $0 != .weightsDequantized } + [.weightsDequantized]
}
