/** The reference's pages. Whole without script: parts that are long are folded by `<details>`. */
import type { Child } from 'hono/jsx';
import type { Language } from '../../text/language.ts';
import { PROBLEMS, type ProblemCode } from '../problem.ts';
import { assetPath } from '../routes/assets.ts';
import { fieldsOf, typeOf } from './fields.ts';
import { GROUPS, type Group } from './groups.ts';
import {
  type Answer,
  type ApiDocument,
  METHODS,
  type Media,
  type Method,
  type Operation,
  type Parameter,
  type Schemas,
} from './openapi-types.ts';
import { referenceWords } from './words.ts';

interface Placed {
  readonly method: Method;
  readonly path: string;
  readonly operation: Operation;
}

function operationsOf({ paths }: ApiDocument, group: Group): Placed[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation?.tags?.includes(group.name) ? [{ method, path, operation }] : [];
    }),
  );
}

export function Overview({ document, language }: { document: ApiDocument; language: Language }) {
  const words = referenceWords[language];
  return (
    <Reference document={document} language={language} at={null}>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <p>
        <a href="/openapi.json">{words.openApi}</a>
      </p>
      <dl class="api-about">
        {words.about.map(({ title, text }) => (
          <div>
            <dt>{title}</dt>
            <dd>{marked(text)}</dd>
          </div>
        ))}
      </dl>
      <h2>{words.everyNode}</h2>
      {words.englishBelow !== null && <p class="faint">{words.englishBelow}</p>}
      {GROUPS.map((group) => {
        const operations = operationsOf(document, group);
        if (operations.length === 0) return null;
        return (
          <section>
            <h3>
              <a href={`/reference/${group.name}`}>{words.groups[group.name]}</a>
            </h3>
            <p>{group[language]}</p>
            <ul class="api-index">
              {operations.map(({ method, path, operation }) => (
                <li>
                  <a href={`/reference/${group.name}#${operation.operationId ?? ''}`}>
                    <Address method={method} path={path} />
                  </a>
                  <span lang="en">{operation.summary}</span>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </Reference>
  );
}

export function GroupPage({
  document,
  language,
  group,
}: {
  document: ApiDocument;
  language: Language;
  group: Group;
}) {
  const words = referenceWords[language];
  return (
    <Reference document={document} language={language} at={group}>
      <h1>{words.groups[group.name]}</h1>
      <p class="lead">{group[language]}</p>
      {words.englishBelow !== null && <p class="faint">{words.englishBelow}</p>}
      {operationsOf(document, group).map((placed) => (
        <OperationPart placed={placed} language={language} schemas={document.components.schemas} />
      ))}
    </Reference>
  );
}

function Reference({
  document,
  language,
  at,
  children,
}: {
  document: ApiDocument;
  language: Language;
  at: Group | null;
  children: Child;
}) {
  const words = referenceWords[language];
  const shown = GROUPS.filter((group) => operationsOf(document, group).length > 0);
  return (
    <div class="api">
      <link rel="stylesheet" href={assetPath('reference.css')} />
      <nav class="api-contents" aria-label={words.contents}>
        <ul>
          <li>
            <a href="/reference" aria-current={at === null ? 'page' : undefined}>
              {words.overview}
            </a>
          </li>
          {shown.map((group) => (
            <li>
              <a href={`/reference/${group.name}`} aria-current={group === at ? 'page' : undefined}>
                {words.groups[group.name]}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="api-main">{children}</div>
    </div>
  );
}

interface Part {
  readonly language: Language;
  readonly schemas: Schemas;
}

function OperationPart({ placed, language, schemas }: Part & { placed: Placed }) {
  const { method, path, operation } = placed;
  const words = referenceWords[language];
  const { requestBody, parameters = [], responses, security = [] } = operation;
  const callers = security.flatMap((each) => Object.keys(each)).map((name) => words.callers[name] ?? name);
  const entries = Object.entries(responses);
  const answers = entries.filter(([, { content }]) => !content?.[PROBLEM]);
  const problems = entries.flatMap(([, { content }]) => Object.entries(content?.[PROBLEM]?.examples ?? {}));
  return (
    <article class="api-operation" id={operation.operationId}>
      <h2>
        <Address method={method} path={path} />
      </h2>
      <div lang="en">
        <p class="api-summary">{operation.summary}.</p>
        {operation.description !== undefined && <p>{marked(operation.description)}</p>}
      </div>
      <p>
        <strong>{words.who}:</strong> {callers.length > 0 ? callers.join('; ') : words.anybody}
      </p>
      {parameters.length > 0 && (
        <>
          <h3>{words.parameters}</h3>
          <Parameters parameters={parameters} language={language} schemas={schemas} />
        </>
      )}
      {requestBody && (
        <>
          <h3>{words.request}</h3>
          <Bodies content={requestBody.content} language={language} schemas={schemas} />
        </>
      )}
      <h3>{words.answer}</h3>
      {answers.map(([status, answer]) => (
        <AnswerPart status={status} answer={answer} language={language} schemas={schemas} />
      ))}
      {problems.length > 0 && <Problems problems={problems} language={language} />}
    </article>
  );
}

const PROBLEM = 'application/problem+json';

function Address({ method, path }: { method: Method; path: string }) {
  return (
    <code class="api-address">
      <span class={`api-method ${method}`}>{method.toUpperCase()}</span> {path}
    </code>
  );
}

function Parameters({ parameters, language, schemas }: Part & { parameters: readonly Parameter[] }) {
  const words = referenceWords[language];
  return (
    <dl class="api-fields">
      {parameters.map(({ name, in: place, required = false, description, schema = {}, example }) => (
        <div>
          <dt>
            <code>{name}</code> <span class="api-type">{`${place}, ${typeOf(schema, schemas)}`}</span>
            {required && <em>{words.required}</em>}
          </dt>
          <dd>
            {description !== undefined && <span lang="en">{marked(description)} </span>}
            <code>{text(example ?? null)}</code>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function AnswerPart({ status, answer, language, schemas }: Part & { status: string; answer: Answer }) {
  const headers = Object.entries(answer.headers ?? {});
  return (
    <div class="api-answer">
      <p>
        <strong>{status}</strong> <span lang="en">{answer.description}</span>
      </p>
      {headers.map(([name, { description = '' }]) => (
        <p lang="en">
          <code>{name}</code> {marked(description)}
        </p>
      ))}
      <Bodies content={answer.content ?? {}} language={language} schemas={schemas} />
    </div>
  );
}

function Bodies({ content, language, schemas }: Part & { content: Readonly<Record<string, Media>> }) {
  const words = referenceWords[language];
  return (
    <>
      {Object.entries(content).map(([type, { schema = {}, example, examples = {} }]) => {
        const fields = fieldsOf(schema, schemas);
        const shown = example === undefined ? Object.entries(examples) : [['', { value: example }] as const];
        return (
          <div class="api-body">
            <p class="faint">
              <code>{type}</code>
            </p>
            {fields.length > 0 && (
              <details>
                <summary>{`${words.fields} (${String(fields.length)})`}</summary>
                <dl class="api-fields">
                  {fields.map(({ path, type: kind, required, description }) => (
                    <div>
                      <dt>
                        <code>{path}</code> <span class="api-type">{kind}</span>
                        {required && <em>{words.required}</em>}
                      </dt>
                      {description !== '' && <dd lang="en">{marked(description)}</dd>}
                    </div>
                  ))}
                </dl>
              </details>
            )}
            {shown.map(([name, { value }]) => (
              <details open={shown.length === 1}>
                <summary>{name === '' ? words.example : `${words.example}: ${name}`}</summary>
                <pre tabindex={0}>
                  <code>{typeof value === 'string' ? value : JSON.stringify(value, null, 2)}</code>
                </pre>
              </details>
            ))}
          </div>
        );
      })}
    </>
  );
}

function Problems({
  problems,
  language,
}: {
  problems: readonly (readonly [string, { readonly value: unknown }])[];
  language: Language;
}) {
  const words = referenceWords[language];
  return (
    <details>
      <summary>{`${words.problems} (${String(problems.length)})`}</summary>
      <dl class="api-fields">
        {problems.map(([code, { value }]) => (
          <div>
            <dt>
              <strong>{String(PROBLEMS[code as ProblemCode].status)}</strong> <code>{code}</code>
            </dt>
            <dd>
              {PROBLEMS[code as ProblemCode][language]}
              <pre tabindex={0}>
                <code>{JSON.stringify(value)}</code>
              </pre>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `code` and **strong**, the two marks that descriptions use. */
function marked(source: string) {
  const pieces = source.split(/(`[^`]+`|\*\*[^*]+\*\*)/);
  return pieces.map((piece) => {
    if (piece.startsWith('`')) return <code>{piece.slice(1, -1)}</code>;
    if (piece.startsWith('**')) return <strong>{piece.slice(2, -2)}</strong>;
    return piece;
  });
}
