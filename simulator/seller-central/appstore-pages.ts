import { html, type Markup } from '../html.js';
import type { Application, SellingPartner } from '../world/default-world.js';
import { accountChoices, decisionButtons, hidden, otherAccount } from './account-choice.js';

/** All applications that a selling partner can authorize. */
export function appstorePage(applications: Application[]): Markup {
  const rows = applications.map(
    (application, index) =>
      html`<li class="row">
        <span class="account" id="app-${index}">
          ${application.name} ${applicationNotes(application)}
          <small><code>${application.applicationId}</code></small>
        </span>
        <a
          class="button"
          href="/appstore/consent?${new URLSearchParams({ application_id: application.applicationId }).toString()}"
          aria-describedby="app-${index}"
          >Authorize Now</a
        >
      </li>`,
  );
  return html`<p>Applications that work with your selling partner account.</p>
    <ul class="rows">
      ${rows}
    </ul>`;
}

/** What is unusual about an application. */
export function applicationNotes({ type, draft, listed, scenario }: Application): (Markup | null)[] {
  const notes = [
    type === 'private' && 'private',
    draft && 'draft',
    !listed && 'not listed',
    scenario !== 'normal' && scenario,
  ];
  return notes.map((note) => (note ? html`<span class="badge">${note}</span>` : null));
}

/** The accounts that may accept, and whether accounts that are not there may too. */
export interface Accounts {
  partners: SellingPartner[];
  others: boolean;
}

/** The page on which a selling partner accepts an application of the Appstore. */
export function appstoreConsentPage(
  application: Application,
  { partners, others }: Accounts,
  problem?: string,
): Markup {
  return html`${problem ? html`<p class="note" role="alert">${problem}</p>` : null}
    <p>
      <strong>${application.name}</strong> asks for access to your selling partner account. If you confirm,
      you log in there as the next step.
    </p>
    <form method="post" action="/appstore/consent">
      ${hidden('application_id', application.applicationId)}
      ${accountChoices(others ? 'Which account do you want to connect?' : 'Your account', partners)}
      ${others ? otherAccount() : null} ${decisionButtons()}
    </form>`;
}

/** Consent is given; the application has still to learn whose it is. */
export function logInPage({ name }: Application, logIn: string): Markup {
  return html`<p>
      You have accepted. One step is left: log in to <strong>${name}</strong>, so that it knows whose account
      this is.
    </p>
    <p><a class="button primary" href="${logIn}">Login to ${name} now</a></p>`;
}
