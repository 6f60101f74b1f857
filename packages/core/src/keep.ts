import { z } from "zod";

/** How many backups of each tier are kept. `minimum`: the newest verified ones, whatever their age. */
export const keep = z.strictObject({
  daily: z.int().min(1).max(3650).default(30),
  weekly: z.int().min(0).max(520).default(0),
  monthly: z.int().min(0).max(120).default(12),
  yearly: z.int().min(0).max(30).default(0),
  minimum: z.int().min(1).max(100).default(7),
});
export type Keep = z.infer<typeof keep>;
export const tiers = ["daily", "weekly", "monthly", "yearly"] as const;
export type Tier = (typeof tiers)[number];

/** Days that one period of a tier lasts at most, so that "12 months" never means less than twelve of them. */
const longest: Record<Tier, number> = { daily: 1, weekly: 7, monthly: 31, yearly: 366 };

/** Age in days from which a backup of this tier may expire. */
export const tierDays = (keep: Keep, tier: Tier): number => keep[tier] * longest[tier];

/** The distinct ages, in days, at which backups kept so may expire: one lifecycle rule each. */
export const expiryDays = (keeps: readonly Keep[]): number[] =>
  [...new Set(keeps.flatMap((k) => tiers.filter((tier) => k[tier] > 0).map((tier) => tierDays(k, tier))))].sort((a, b) => a - b);
