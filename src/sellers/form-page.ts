import { type FastifyReply, type FastifyRequest } from 'fastify';
import { InvalidRequest, RateLimited } from '../common/errors.js';
import { showPage } from '../common/pages.js';
import { type FormProblems, problemsOf } from './forms.js';
import { leadingTo, localPath } from './local-path.js';

/** A page around one form: the request it answers, its template and what was entered. */
export interface FormPage {
  request: FastifyRequest;
  reply: FastifyReply;
  view: 'login' | 'signup' | 'forgot-password' | 'reset-password';
  form: { email?: string; next?: unknown; token?: string };
  /** What else the template shows. */
  data?: Record<string, unknown>;
}

export const PASSWORD_HINT = '12 characters or more. A few words in a row are easy to keep in mind.';

/** The form with what was entered, except passwords. Where the seller was going stays in all its links. */
export async function showForm(page: FormPage, status = 200, problems: FormProblems = {}): Promise<void> {
  const { request, reply, view, form, data } = page;
  void reply.status(status);
  await showPage(request, reply, `sellers/views/${view}`, {
    email: typeof form.email === 'string' ? form.email : '',
    next: localPath(form.next),
    token: form.token,
    links: {
      signIn: leadingTo('/login', form.next),
      signUp: leadingTo('/signup', form.next),
      forgotPassword: leadingTo('/forgot-password', form.next),
    },
    passwordHint: PASSWORD_HINT,
    problems,
    ...data,
  });
}

/** A refusal that the person can do something about is shown in the form; any other error is not ours to answer. */
export async function showRefusal(page: FormPage, error: unknown): Promise<void> {
  if (error instanceof RateLimited) {
    void page.reply.header('retry-after', String(error.retryAfterSeconds));
    return showForm(page, error.status, { form: error.message });
  }
  if (!(error instanceof InvalidRequest)) throw error;
  return showForm(page, error.status, problemsOf(error));
}
