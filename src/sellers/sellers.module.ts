import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventsModule } from '../events/events.module.js';
import { AccountMails } from './account-mails.service.js';
import { AccountController } from './account.controller.js';
import { EmailVerification } from './email-verification.service.js';
import { OidcAccounts } from './oidc/oidc-accounts.service.js';
import { OidcClient } from './oidc/oidc-client.js';
import { OidcController } from './oidc/oidc.controller.js';
import { OidcSignIn } from './oidc/oidc-sign-in.entity.js';
import { OidcSignIns } from './oidc/oidc-sign-ins.service.js';
import { SellerIdentity } from './oidc/seller-identity.entity.js';
import { PasswordChanges } from './password-changes.service.js';
import { PasswordResetController } from './password-reset.controller.js';
import { SellerDirectory } from './seller-directory.service.js';
import { SellerLink } from './seller-link.entity.js';
import { SellerLinks } from './seller-links.service.js';
import { SellerSession } from './seller-session.entity.js';
import { Seller } from './seller.entity.js';
import { SellerGuard } from './seller.guard.js';
import { SellersService } from './sellers.service.js';
import { SessionsService } from './sessions.service.js';
import { SignInController } from './sign-in.controller.js';
import { VerifyEmailController } from './verify-email.controller.js';
import { Visitors } from './visitors.js';

/** People with an account on our website: signing up and in, and what their pages may do. */
@Module({
  imports: [
    TypeOrmModule.forFeature([Seller, SellerSession, SellerLink, SellerIdentity, OidcSignIn]),
    EventsModule,
  ],
  controllers: [
    SignInController,
    PasswordResetController,
    VerifyEmailController,
    AccountController,
    OidcController,
  ],
  providers: [
    SellersService,
    SellerDirectory,
    SessionsService,
    Visitors,
    SellerLinks,
    AccountMails,
    EmailVerification,
    PasswordChanges,
    OidcClient,
    OidcSignIns,
    OidcAccounts,
    { provide: APP_GUARD, useClass: SellerGuard },
  ],
  exports: [AccountMails, SellersService, SellerDirectory, SessionsService],
})
export class SellersModule {}
