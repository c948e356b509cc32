import Basics
import Events
import TraceStore

/// Live memory over the steps of a trace, stacked by category.
///
/// Where there is room, a character across is a step. Where there are more steps than that, two
/// characters stand for several steps, the first at the moment at which most of them was alive,
/// the second at the moment at which least was: what comes and goes many times in a column shows
/// as a comb and not as a wall, no peak is lost, and each character is one real moment.
///
/// The packed weights are there all the time and are hundreds of times larger than a tile: an
/// axis from zero would hide everything that happens. So where they do not change they are left
/// out below the axis, and the first lines say how much was left out; ``scaleLines(style:)`` puts
/// the same memory on an axis from zero, beside what the model as float16 would take.
public struct MemoryPlot: Sendable {
  /// Some consecutive steps.
  public typealias Column = MemoryColumn

  /// A place on the x axis: the start of a pass or of a layer.
  public struct Mark: Sendable, Equatable {
    public var step: Int
    public var label: String

    public init(step: Int, label: String) {
      self.step = step
      self.label = label
    }
  }

  /// What is drawn, as the first line says it: `pass 3, decode " fox"`.
  public var title: String
  /// In the order of their steps, with no gaps; at least one.
  public var columns: [Column]
  /// The most bytes that each category had alive, over all steps shown.
  public var peaks: MemoryUse
  public var marks: [Mark]
  /// What the marks are: `layer`, `pass`; or empty where their labels say it.
  public var marked: String
  /// The step at which the cursor stands.
  public var cursor: Int?
  /// Bytes of the whole model as float16 beside its packed weights, for ``scaleLines(style:)``.
  public var wholeModel: Int?
  /// What the axis is made for, where that is more than the columns have: a replay draws on the
  /// axis of the whole from its first moment on.
  var frame: Frame?

  /// The part of memory that an axis covers.
  struct Frame: Sendable, Equatable {
    var baseline: MemoryUse
    var highest: MemoryUse
  }

  public init(
    title: String, columns: [Column], peaks: MemoryUse, marks: [Mark] = [],
    marked: String = "", cursor: Int? = nil,
    wholeModel: Int? = nil
  ) {
    precondition(!columns.isEmpty, "a plot needs a step")
    self.title = title
    self.columns = columns
    self.peaks = peaks
    self.marks = marks
    self.marked = marked
    self.cursor = cursor
    self.wholeModel = wholeModel
  }

  var firstStep: Int { columns[0].firstStep }
  var lastStep: Int { columns[columns.count - 1].lastStep }

  /// What was alive at the step at which most was.
  var highest: MemoryUse { columns.highest }

  /// From the axis upwards.
  static let stack = MemoryCategory.stack

  /// What lies below the axis: the part of each category that is alive all the time, where
  /// drawing it would flatten the rest.
  var baseline: MemoryUse { frame?.baseline ?? columns.alwaysThere(peaks: peaks) }

  /// Everything: title, plot, axis, legend and the bars from zero.
  ///
  /// - Parameters:
  ///   - height: lines of the plot itself, without title, axis and legend; a few fewer are used
  ///     where the ticks come out rounder.
  public func render(style: TextStyle, height: Int = 12) -> String {
    var lines = titleLines(style: style)
    lines += bodyLines(style: style, height: height)
    lines += legendLines(style: style)
    lines += scaleLines(style: style)
    return lines.map { $0.trimmingTrailingSpaces() + "\n" }.joined()
  }

  /// `Live memory, pass 3, decode " fox", steps 2113 to 4020`, what the axis leaves out, and
  /// what two characters stand for.
  func titleLines(style: TextStyle) -> [String] {
    let steps = "steps \(firstStep) to \(lastStep)"
    var lines = wrapped("Live memory, \(title), \(steps)", to: style.width)
    let base = baseline
    if base.total > 0 {
      var left: [String] = []
      if base.weights > 0 { left.append("\(formatBytes(base.weights)) of packed weights") }
      if base.kvCache > 0 { left.append("\(formatBytes(base.kvCache)) of KV cache") }
      let text = "above \(left.joined(separator: " and ")), alive throughout and not drawn"
      lines += wrapped(text, to: style.width)
    }
    return lines.map { style.paint($0, .bold) }
  }
}
