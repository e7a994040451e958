/** The sections of the settings: which there are, in which order, and who sees them. */
import type { LucideIcon } from 'lucide-react';
import {
  Archive,
  AudioLines,
  Bell,
  Cpu,
  Gauge,
  HardDrive,
  HeartPulse,
  Info,
  KeyRound,
  ListTree,
  MoonStar,
  Package,
  SunMoon,
} from 'lucide-react';
import type { ComponentType } from 'react';
import type { Scope } from '../../api-types.ts';
import { AboutSection } from './AboutSection.tsx';
import { AccessSection } from './AccessSection.tsx';
import { AllSettingsSection } from './AllSettingsSection.tsx';
import { BackupsSection } from './BackupsSection.tsx';
import { EnginesSection } from './EnginesSection.tsx';
import { DefaultsSection, HoursSection, LimitsSection } from './FormSections.tsx';
import { HealthSection } from './HealthSection.tsx';
import { ModelsSection } from './ModelsSection.tsx';
import { NotificationsSection } from './NotificationsSection.tsx';
import { PageSection } from './PageSection.tsx';
import { StorageSection } from './StorageSection.tsx';
import { mayDo } from './scope.ts';

interface Section {
  id: SectionId;
  icon: LucideIcon;
  /** Who may not do this does not see it. */
  needs: Scope;
  content: ComponentType;
}

export type SectionId =
  | 'health'
  | 'models'
  | 'engines'
  | 'defaults'
  | 'limits'
  | 'hours'
  | 'notifications'
  | 'access'
  | 'storage'
  | 'backups'
  | 'page'
  | 'about'
  | 'all';

const SECTIONS: readonly Section[] = [
  { id: 'health', icon: HeartPulse, needs: 'admin', content: HealthSection },
  { id: 'models', icon: Package, needs: 'read', content: ModelsSection },
  { id: 'engines', icon: Cpu, needs: 'read', content: EnginesSection },
  { id: 'defaults', icon: AudioLines, needs: 'admin', content: DefaultsSection },
  { id: 'limits', icon: Gauge, needs: 'admin', content: LimitsSection },
  { id: 'hours', icon: MoonStar, needs: 'admin', content: HoursSection },
  { id: 'notifications', icon: Bell, needs: 'write', content: NotificationsSection },
  { id: 'access', icon: KeyRound, needs: 'read', content: AccessSection },
  { id: 'storage', icon: HardDrive, needs: 'admin', content: StorageSection },
  { id: 'backups', icon: Archive, needs: 'admin', content: BackupsSection },
  { id: 'page', icon: SunMoon, needs: 'read', content: PageSection },
  { id: 'about', icon: Info, needs: 'read', content: AboutSection },
  { id: 'all', icon: ListTree, needs: 'admin', content: AllSettingsSection },
];

/** The sections that somebody sees. Somebody who may change nothing finds nothing to choose from in most of them. */
export function sectionsFor(scope: Scope): readonly Section[] {
  return SECTIONS.filter(({ needs }) => mayDo(scope, needs));
}
