import Basics
import Debugger
import Foundation
import TraceStore

extension Player {
  /// What was said beside what was measured, kindly, with a bar for each.
  func showComparison(said: Double?, measured: Double, unit: Unit, tolerance: Tolerance) {
    guard let said else {
      return talk.say("**\(text(.measured))** \(unit.format.text(measured))")
    }
    let largest = max(said, measured)
    let rows = [(text(.youSaid), said), (text(.measured), measured)]
    let labels = rows.map { displayWidth($0.0) }.max() ?? 0
    let style = talk.style
    let texts = rows.map { unit.format.text($0.1) }
    let columns = min(
      max(style.width - labels - 6 - (texts.map(displayWidth).max() ?? 0), 4), 32)
    talk.show(
      rows.map { label, number in
        let share = largest > 0 ? min(max(number / largest, 0), 1) : 0
        let full = max(Int((share * Double(columns)).rounded()), number > 0 ? 1 : 0)
        let bar = String(repeating: style.unicode ? "█" : "#", count: full)
        return "  " + padded(label, to: labels + 2) + padded(bar, to: columns + 2)
          + unit.format.text(number)
      })
    if tolerance.contains(said, of: measured) {
      talk.say(.close)
    } else if measured > 0, said > 0 {
      let factor = ValueFormat.times.text(max(said / measured, measured / said))
      talk.say(said > measured ? .tooHigh : .tooLow, factor)
    }
  }

  /// The choice that was made and the right one, each followed by its reason.
  ///
  /// Which choice is right is measured, so a wrong guess is explained from both sides: why not the
  /// one, why the other.
  func showComparison(said: String?, right: String, of section: Prose.Section) {
    guard let said else {
      talk.say("**\(text(.measured))** \(choice(right, of: section))")
      return showReason(of: right, in: section)
    }
    if said == right {
      talk.say(.choiceRight, choice(said, of: section))
    } else {
      talk.say(.choiceSaid, choice(said, of: section))
      showReason(of: said, in: section)
      talk.gap()
      talk.say(.choiceMeasured, choice(right, of: section))
    }
    showReason(of: right, in: section)
  }

  /// The choice as it is written in the prose, on one line.
  private func choice(_ key: String, of section: Prose.Section) -> String {
    guard let choice = section.choices.first(where: { $0.key == key }) else { return key }
    return values.filledForPeople(choice.text.text, text).replacing("\n", with: " ")
  }
}
