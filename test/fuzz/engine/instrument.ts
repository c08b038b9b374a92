/**
 * Coverage of the product's code: a counter at every place where it branches, and the operands of comparisons that did
 * not hold. It is put in where TypeScript is turned into JavaScript, into the product's files alone.
 */
import ts from 'typescript';

/** Counters of one bundle; the whole application has a fifth of it. */
export const COUNTERS_MAX = 131_072;

/** What a bundle of instrumented files begins with. */
export const PROLOGUE = `
const $hits = new Uint8Array(${String(COUNTERS_MAX)});
const $fuzz = (globalThis.$fuzz = { hits: $hits, counters: 0, words: [], tracing: false, compared: [] });
function $is(a, b) {
  if (a === b) return true;
  if ($fuzz.tracing && typeof a === typeof b && (typeof a === 'string' || typeof a === 'number')) $fuzz.compared.push([a, b]);
  return false;
}
`;

const { factory } = ts;
const WORD_CHARACTERS_MAX = 40;

export class Instrumenter {
  #counters = 0;
  readonly #words = new Set<string>();

  /** Of all files so far; a bundle has to be told in its epilogue. */
  epilogue(): string {
    return `$fuzz.counters = ${String(this.#counters)};\n$fuzz.words = ${JSON.stringify([...this.#words])};\n`;
  }

  /** The JavaScript of a module. */
  transpile(text: string, fileName: string): string {
    return ts.transpileModule(text, {
      fileName,
      compilerOptions: {
        ...{ target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
        ...{ jsx: ts.JsxEmit.ReactJSX, jsxImportSource: 'hono/jsx' },
      },
      transformers: { before: [(context) => (file) => this.#file(file, context)] },
    }).outputText;
  }

  #file(file: ts.SourceFile, context: ts.TransformationContext): ts.SourceFile {
    const visit = (node: ts.Node): ts.Node => {
      if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node;
      if (ts.isStringLiteralLike(node)) this.#keep(node.text);
      return this.#counted(
        ts.visitEachChild(node, ts.isFunctionLike(node) ? visitOfFunction : visit, context),
      );
    };
    const visitOfFunction = (node: ts.Node): ts.Node => {
      const visited = visit(node);
      return ts.isBlock(visited) ? this.#block(visited) : visited;
    };
    return ts.visitEachChild(file, visit, context);
  }

  #keep(word: string): void {
    if (word.length > 1 && word.length <= WORD_CHARACTERS_MAX) this.#words.add(word);
  }

  #counted(node: ts.Node): ts.Node {
    if (ts.isIfStatement(node))
      return factory.updateIfStatement(
        node,
        node.expression,
        this.#block(node.thenStatement),
        node.elseStatement && this.#block(node.elseStatement),
      );
    if (ts.isArrowFunction(node) && !ts.isBlock(node.body))
      return factory.updateArrowFunction(
        node,
        ...([node.modifiers, node.typeParameters, node.parameters, node.type] as const),
        node.equalsGreaterThanToken,
        this.#expression(node.body),
      );
    if (ts.isForOfStatement(node))
      return factory.updateForOfStatement(
        ...([node, node.awaitModifier, node.initializer, node.expression] as const),
        this.#block(node.statement),
      );
    if (ts.isForStatement(node))
      return factory.updateForStatement(
        ...([node, node.initializer, node.condition, node.incrementor] as const),
        this.#block(node.statement),
      );
    if (ts.isWhileStatement(node))
      return factory.updateWhileStatement(node, node.expression, this.#block(node.statement));
    if (ts.isCaseClause(node) && node.statements.length > 0)
      return factory.updateCaseClause(node, node.expression, [this.#statement(), ...node.statements]);
    if (ts.isDefaultClause(node))
      return factory.updateDefaultClause(node, [this.#statement(), ...node.statements]);
    if (ts.isCatchClause(node))
      return factory.updateCatchClause(node, node.variableDeclaration, this.#block(node.block));
    if (ts.isConditionalExpression(node))
      return factory.updateConditionalExpression(
        ...([node, node.condition, node.questionToken] as const),
        ...([this.#expression(node.whenTrue), node.colonToken, this.#expression(node.whenFalse)] as const),
      );
    return ts.isBinaryExpression(node) ? this.#binary(node) : node;
  }

  #binary(node: ts.BinaryExpression): ts.Expression {
    const { left, right, operatorToken } = node;
    switch (operatorToken.kind) {
      case ts.SyntaxKind.AmpersandAmpersandToken:
      case ts.SyntaxKind.BarBarToken:
      case ts.SyntaxKind.QuestionQuestionToken:
        return factory.updateBinaryExpression(node, left, operatorToken, this.#expression(right));
      case ts.SyntaxKind.EqualsEqualsEqualsToken:
        return isTraced(left) && isTraced(right) ? compared(left, right) : node;
      case ts.SyntaxKind.ExclamationEqualsEqualsToken:
        return isTraced(left) && isTraced(right) ? factory.createLogicalNot(compared(left, right)) : node;
      default:
        return node;
    }
  }

  #block(statement: ts.Statement): ts.Block {
    const inner = ts.isBlock(statement) ? statement.statements : [statement];
    return factory.createBlock([this.#statement(), ...inner], true);
  }

  #statement(): ts.Statement {
    return factory.createExpressionStatement(this.#count());
  }

  #expression(expression: ts.Expression): ts.Expression {
    return factory.createParenthesizedExpression(factory.createComma(this.#count(), expression));
  }

  #count(): ts.Expression {
    const place = this.#counters;
    this.#counters += 1;
    if (place >= COUNTERS_MAX) throw new RangeError('more branches than there are counters');
    return factory.createPostfixIncrement(
      factory.createElementAccessExpression(factory.createIdentifier('$hits'), place),
    );
  }
}

function compared(left: ts.Expression, right: ts.Expression): ts.Expression {
  return factory.createCallExpression(factory.createIdentifier('$is'), undefined, [left, right]);
}

/** Comparing with these tells nothing about an input. */
function isTraced(node: ts.Expression): boolean {
  return !(
    ts.isTypeOfExpression(node) ||
    node.kind === ts.SyntaxKind.NullKeyword ||
    node.kind === ts.SyntaxKind.TrueKeyword ||
    node.kind === ts.SyntaxKind.FalseKeyword ||
    (ts.isIdentifier(node) && node.text === 'undefined')
  );
}
