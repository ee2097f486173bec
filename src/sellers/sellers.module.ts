import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Seller } from './seller.entity.js';

@Module({ imports: [TypeOrmModule.forFeature([Seller])] })
export class SellersModule {}
