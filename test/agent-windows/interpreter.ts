/**
 * As much of PowerShell as the agent's pure parts are written in, over the grammar's tree, so that the decisions of the
 * PowerShell are compared with those of the table here as well and not on Windows alone. It is no proof of what Windows
 * does: it is this page's understanding of PowerShell. What it does not know, it refuses.
 *
 * What it has of PowerShell's own ways: output is a stream into which arrays are poured item by item; a call's value is
 * nothing, the one item, or an array of them; `@( )` is always an array; keys of hashtables and names ignore case;
 * parameters convert, and refuse $null, '' and empty arrays unless they allow them.
 */
import type { Node, Source } from './powershell.ts';
import { all } from './powershell.ts';
import {
  Table,
  type Value,
  add,
  asText,
  convert,
  isA,
  isArray,
  operate,
  truth,
} from './powershell-values.ts';

type Scope = Map<string, Value>;
type Stream = Value[];

class Return extends Error {}
class Loop extends Error {
  readonly how: string;
  constructor(how: string) {
    super(how);
    this.how = how;
  }
}
/** Thrown by the program itself. */
export class Thrown extends Error {}

const nameOf = (variable: Node): string => variable.text.slice(1).toLowerCase();
const collapse = (stream: Stream): Value => (stream.length > 1 ? stream : (stream[0] ?? null));

export class Interpreter {
  readonly #functions = new Map<string, Node>();

  constructor(sources: readonly Source[]) {
    for (const { root } of sources)
      for (const definition of all(root, 'function_statement'))
        this.#functions.set(all(definition, 'function_name')[0]?.text.toLowerCase() ?? '', definition);
  }

  call(name: string, given: Readonly<Record<string, Value>>): Value {
    const definition = this.#functions.get(name.toLowerCase());
    if (!definition) throw new Error(`there is no ${name}`);
    const scope: Scope = new Map();
    const parameters = all(definition, 'script_parameter');
    const unknown = new Map(Object.entries(given).map(([key, value]) => [key.toLowerCase(), value]));
    for (const parameter of parameters) {
      const own = all(parameter, 'variable').at(-1);
      if (!own) throw new Error('a parameter without a name');
      const value = unknown.get(nameOf(own));
      if (value === undefined && parameter.text.includes('Mandatory = $true'))
        throw new Error(`${name} needs -${nameOf(own)}`);
      scope.set(
        nameOf(own),
        convert(value ?? null, parameter.text, `${name} -${nameOf(own)}`, value !== undefined),
      );
      unknown.delete(nameOf(own));
    }
    if (unknown.size > 0) throw new Error(`${name} has no -${[...unknown.keys()].join(', -')}`);
    const out: Stream = [];
    const body = all(definition, 'script_block_body')[0];
    try {
      if (body) this.#statements(body, scope, out);
    } catch (error) {
      if (!(error instanceof Return)) throw error;
    }
    return collapse(out);
  }

  #statements(node: Node, scope: Scope, out: Stream): void {
    for (const child of node.namedChildren) {
      if (!child || child.type === 'comment') continue;
      if (child.type === 'statement_list' || child.type === 'statement_block')
        this.#statements(child, scope, out);
      else this.#statement(child, scope, out);
    }
  }

  #statement(node: Node, scope: Scope, out: Stream): void {
    const [first, ...others] = node.namedChildren.filter((child) => child?.type !== 'comment');
    switch (node.type) {
      case 'if_statement': {
        for (const clause of [
          node,
          ...all(node, 'elseif_clause').filter((each) => each.parent?.parent?.equals(node)),
        ]) {
          const [condition, block] = clause.namedChildren.filter((child) => child?.type !== 'comment');
          if (!condition || !block || !truth(this.value(condition, scope))) continue;
          this.#statements(block, scope, out);
          return;
        }
        const otherwise = others.find((child) => child?.type === 'else_clause');
        if (otherwise) this.#statements(otherwise, scope, out);
        return;
      }
      case 'foreach_statement': {
        const [list, block] = others;
        if (!first || !list || !block) break;
        const items = this.value(list, scope);
        for (const item of isArray(items) ? items : items === null ? [] : [items]) {
          scope.set(nameOf(first), item);
          try {
            this.#statements(block, scope, out);
          } catch (error) {
            if (!(error instanceof Loop)) throw error;
            if (error.how === 'break') break;
          }
        }
        return;
      }
      case 'switch_statement': {
        const on = this.value(all(node, 'switch_condition')[0]?.namedChildren[0] ?? node, scope);
        const clauses = all(node, 'switch_clause');
        const found = clauses.filter((clause) => {
          const condition = clause.namedChildren[0];
          return condition && condition.text !== 'default' && this.value(condition, scope) === on;
        });
        const chosen =
          found.length > 0
            ? found
            : clauses.filter(({ namedChildren }) => namedChildren[0]?.text === 'default');
        for (const clause of chosen) {
          const block = clause.namedChildren.at(-1);
          if (block) this.#statements(block, scope, out);
        }
        return;
      }
      case 'flow_control_statement': {
        const word = node.children[0]?.text ?? '';
        if (word === 'throw') throw new Thrown(first ? asText(this.value(first, scope)) : '');
        if (word !== 'return') throw new Loop(word);
        if (first) this.#pour(first, scope, out);
        throw new Return();
      }
      case 'pipeline':
        if (first?.type === 'assignment_expression') this.#assign(first, scope);
        else this.#pour(node, scope, out);
        return;
      case 'empty_statement':
        return;
      default:
    }
    throw new Error(`cannot carry out ${node.type}: ${node.text}`);
  }

  /** Into the stream: arrays item by item. */
  #pour(node: Node, scope: Scope, out: Stream): void {
    const command = only(node);
    if (command.type === 'pipeline_chain' || command.type === 'command') {
      out.push(...this.#piped(command, scope));
      return;
    }
    const value = this.value(node, scope);
    if (isArray(value)) out.push(...value);
    else out.push(value);
  }

  #piped(node: Node, scope: Scope): Stream {
    const stages = node.type === 'command' ? [node] : node.namedChildren;
    let stream: Stream = [];
    stages.forEach((stage, index) => {
      if (!stage) return;
      const command = only(stage);
      if (index === 0) {
        if (command.type === 'command') {
          const result = this.#command(command, scope);
          stream = isArray(result) ? [...result] : result === null ? [] : [result];
        } else this.#pour(stage, scope, stream);
        return;
      }
      const name = command.namedChildren[0]?.text ?? '';
      if (name === 'Where-Object') {
        const block = all(command, 'script_block_body')[0];
        if (!block) throw new Error('Where-Object without a block');
        stream = stream.filter((item) => {
          const kept: Stream = [];
          this.#statements(block, new Map([...scope, ['_', item]]), kept);
          return truth(collapse(kept));
        });
      } else if (name === 'Select-Object' && command.text.trim().endsWith(' -Skip 1'))
        stream = stream.slice(1);
      else throw new Error(`no ${command.text}`);
    });
    return stream;
  }

  #command(node: Node, scope: Scope): Value {
    const given: Record<string, Value> = {};
    let parameter: string | null = null;
    for (const element of node.childForFieldName('command_elements')?.namedChildren ?? []) {
      if (!element || element.type === 'command_argument_sep') continue;
      if (element.type === 'command_parameter') parameter = element.text.slice(1);
      else if (parameter === null) throw new Error(`an argument without its name: ${node.text}`);
      else {
        given[parameter] = this.value(element, scope);
        parameter = null;
      }
    }
    return this.call(node.childForFieldName('command_name')?.text ?? '', given);
  }

  #assign(node: Node, scope: Scope): void {
    const [left, operator, right] = node.namedChildren;
    if (!left || !operator || !right) throw new Error(node.text);
    const target = only(left);
    const value = this.value(right, scope);
    const assigned = operator.text.trim() === '+=' ? add(this.value(target, scope), value) : value;
    if (target.type === 'variable') scope.set(nameOf(target), assigned);
    else if (target.type === 'element_access') {
      const [base, key] = target.namedChildren;
      const table = base ? this.value(base, scope) : null;
      if (!(table instanceof Table) || !key) throw new Error(`no hashtable: ${target.text}`);
      table.set(asText(this.value(key, scope)), assigned);
    } else throw new Error(`cannot assign to ${target.text}`);
  }

  value(given: Node, scope: Scope): Value {
    const node = only(given);
    const parts = node.namedChildren.filter((child) => child !== null);
    const at = (index: number): Value => {
      const part = parts[index];
      if (!part) throw new Error(`too short: ${node.text}`);
      return this.value(part, scope);
    };
    switch (node.type) {
      case 'variable': {
        const name = nameOf(node);
        if (name === 'null') return null;
        if (name === 'true' || name === 'false') return name === 'true';
        const value = scope.get(name);
        if (value === undefined) throw new Error(`$${name} has no value`);
        return value;
      }
      case 'verbatim_string_characters':
        return node.text.slice(1, -1).replaceAll("''", "'");
      case 'expandable_string_literal': {
        let text = node.text.slice(1, -1);
        for (const part of parts) text = text.replace(part.text, () => asText(this.value(part, scope)));
        return text;
      }
      case 'decimal_integer_literal':
        return Number(node.text);
      case 'parenthesized_expression':
      case 'sub_expression':
        return at(0);
      case 'command':
      case 'pipeline_chain':
        return collapse(this.#piped(node, scope));
      case 'array_expression': {
        const out: Stream = [];
        for (const part of parts)
          if (part.type === 'statement_list') this.#statements(part, scope, out);
          else this.#statement(part, scope, out);
        return out;
      }
      case 'array_literal_expression':
        return parts.map((part) => this.value(part, scope));
      case 'hash_literal_expression': {
        const table = new Table();
        for (const entry of all(node, 'hash_entry')) {
          if (!entry.parent?.parent?.equals(node)) continue;
          const [key, value] = entry.namedChildren;
          if (key && value) table.set(key.text.trim(), this.value(value, scope));
        }
        return table;
      }
      case 'element_access': {
        const [base, key] = [at(0), at(1)];
        if (base instanceof Table) return base.get(asText(key));
        if (isArray(base) && typeof key === 'number') return base.at(key) ?? null;
        throw new Error(`nothing to look into: ${node.text}`);
      }
      case 'member_access': {
        const base = at(0);
        if (parts[1]?.text === 'Count' && isArray(base)) return base.length;
        if (parts[1]?.text === 'Length' && typeof base === 'string') return base.length;
        throw new Error(`no member: ${node.text}`);
      }
      case 'invokation_expression':
        return this.#method(node, parts, scope);
      case 'expression_with_unary_operator': {
        const operator = node.children[0]?.text ?? '';
        if (parts[0]?.type === 'cast_expression') return at(0);
        if (operator === '-not') return !truth(at(0));
        if (operator === ',') return [at(0)];
        throw new Error(`no operator ${operator}`);
      }
      case 'cast_expression':
        return convert(at(1), parts[0]?.text ?? '', node.text, true);
      default:
        return this.#operation(node, scope);
    }
  }

  #operation(node: Node, scope: Scope): Value {
    const [left, operator, right] = node.children;
    if (!left || !operator || !right || node.childCount !== 3)
      throw new Error(`cannot read ${node.type}: ${node.text}`);
    const word = operator.text.trim().toLowerCase();
    const one = this.value(left, scope);
    if (word === '-and') return truth(one) && truth(this.value(right, scope));
    if (word === '-or') return truth(one) || truth(this.value(right, scope));
    if (word === '-is' || word === '-isnot') return (word === '-is') === isA(one, right.text);
    return operate(word, one, this.value(right, scope));
  }

  #method(node: Node, parts: readonly Node[], scope: Scope): Value {
    const [base, member, list] = parts;
    if (!base || !member) throw new Error(node.text);
    const given = list ? all(list, 'argument_expression_list')[0] : undefined;
    const values = (given?.namedChildren ?? []).flatMap((each) =>
      each && !each.text.startsWith('[System') ? [this.value(each, scope)] : [],
    );
    if (base.type === 'type_literal') {
      const [one, two] = values.map(Number);
      if (base.text === '[math]' && one !== undefined && two !== undefined) {
        if (member.text === 'Min') return Math.min(one, two);
        if (member.text === 'Max') return Math.max(one, two);
        if (member.text === 'Pow') return one ** two;
      }
      throw new Error(`no ${node.text}`);
    }
    const target = this.value(base, scope);
    if (target instanceof Table && member.text === 'Clone') return target.clone();
    if (typeof target === 'string' && member.text === 'StartsWith')
      return target.startsWith(asText(values[0] ?? null));
    if (typeof target === 'string' && member.text === 'Substring') return target.slice(Number(values[0]));
    throw new Error(`no ${node.text}`);
  }
}

/** Down to where something is written: the grammar has a level for each precedence. */
function only(node: Node): Node {
  let inner = node;
  while (inner.namedChildCount === 1 && inner.childCount === 1 && inner.namedChildren[0])
    inner = inner.namedChildren[0];
  return inner;
}
