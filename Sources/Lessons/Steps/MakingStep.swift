import Recording

/// A kind of step that makes a file, which later steps need.
protocol MakingStep: StepKind {
  /// What is said while it is made.
  static var making: Phrase { get }
  /// What is said where it is there already.
  static var alreadyMade: Phrase { get }

  /// Where the file is or will be.
  func path(in recordings: Recordings) -> String

  /// What it is made of; among the options, those of the lesson with their values.
  ///
  /// - Parameter model: the learner's.
  /// - Throws: ``LessonError/notRecorded(trace:)`` where something has to be made before it, or what
  ///   keeps its model from being read.
  func recipe(_ values: Values, model: String?) throws -> Recipe

  /// What is shown before it is made.
  func announcement(_ values: Values, model: String?) throws -> [String]

  /// Makes it.
  ///
  /// - Returns: what is told of it, or `nil` where it was interrupted.
  func make(
    _ product: Product, _ values: Values, model: String?, text: EngineText, _ making: Making
  ) throws -> String?
}

extension MakingStep {
  func announcement(_ values: Values, model: String?) throws -> [String] { [] }
  func solutionLines(_ values: Values) throws -> [String] { [""] }

  func product(_ values: Values, model: String?) throws -> Product {
    Product(path: path(in: values.recordings), recipe: try recipe(values, model: model))
  }

  func play(_ player: Player) throws -> Outcome {
    let model = player.progress.model
    let product: Product
    do {
      product = try self.product(player.values, model: model)
      if !product.isMade {
        let lines = try announcement(player.values, model: model)
        player.talk.show(lines.map { "    " + player.talk.style.paint($0, .code) })
      }
    } catch {
      return try player.cannotDo("\(error)")
    }
    if product.isMade {
      player.talk.say(Self.alreadyMade)
      return try player.waitForEnter()
    }
    // Once it could not be made, a learner may go on without it.
    var isTried = false
    func make() -> Bool {
      defer { isTried = true }
      do {
        let told = try player.making(Self.making) {
          try self.make(product, player.values, model: model, text: player.text, $0)
        }
        player.talk.say(told ?? player.text(.interrupted))
        if told != nil { player.values.forget() }
        return told != nil
      } catch {
        player.talk.say("\(error)")
        return false
      }
    }
    return try player.attempt(
      prompt: player.text(.enter),
      showAnswer: {
        if isTried { return true }
        player.talk.say(.madeThoughSkipped)
        return make()
      },
      judge: { _ in make() })
  }
}
