/**
 * Who asks for what is done here, as it stands in the events. There is one user today; once there are several, this is the
 * place that tells which.
 */
export const USER = 'user';
