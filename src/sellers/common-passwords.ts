/**
 * What people build a long password from when they want a short one. Compared in lower case, without the digits and
 * signs around it and with the usual substitutions undone, so `P@ssw0rd-2024!!` is found as `password`.
 */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `
  abcdefghijkl access account admin administrator amazon amazonseller amazonsellercentral apple august autumn
  baseball basketball batman changeit changeme charlie chocolate computer cookie dragon
  december default facebook football forever freedom friday google guest hello helloworld hunter iloveyou iloveyouso
  internet jordan letmein letmeinnow letmeinplease liverpool login logmein manchester master michael microsoft monday
  monkey mustang mynewpassword mypassword mypasswordis ncc1701d newpassword november october oneringtorulethemall
  opensesame pa55word passphrase passw passwd password passwordis passwordpassword passwort pokemon princess private
  qazwsx qazwsxedc qwer qwert qwertz qwerty qwertyqwerty qwertyuiop qwertyuiopasdf regrant secret secretpassword seller
  sellercentral september shadow spring starwars summer sunshine superman superuser temp temporary test testing
  testpassword testtest thisismypassword thunder trustno tuesday unknown user username vendor vendorcentral welcome
  welcomehome whatever winter zaqwsx zxcvbnm
  `
    .trim()
    .split(/\s+/),
);
