/* What a person can do about each reason that waits for somebody, where nothing more is known than the reason. What is not
 * in the table needs nobody. */
#include "core/diagnose.h"

static const char *const remedies[REASON_COUNT] = {
        [REASON_NO_ROTATION] = "Nothing. OVHcloud's API offers no rotation on this platform; rotate_every: "
                               "never says so in the inventory.",
        [REASON_ONE_SELECTOR] =
                "Nothing, unless rotation is wanted: then ask OVHcloud why the domain has one selector only.",
        [REASON_TASK_STUCK] =
                "Open a support ticket at OVHcloud, with the domain and the id of the task in the journal.",
        [REASON_TASK_ERROR] =
                "Open a support ticket at OVHcloud, with the domain and the id of the task in the journal.",
        [REASON_RECORD_PERSON] = "Put the record above into the zone; dkimrotctl records --missing prints it "
                                 "as a zone-file line.",
        [REASON_RECORD_FOREIGN] =
                "Remove what stands at that name in the zone; the record that belongs there is written then.",
        [REASON_RECORD_OVERDUE] = "Look at the zone: dkimrotctl records --missing prints what should be "
                                  "there. Is the zone delegated to the servers that it is written to?",
        [REASON_RECORD_UNWRITTEN] =
                "Is the zone in the OVHcloud account that holds the e-mail service? Then dns: ovh "
                "writes the record. Else put it into the zone yourself; dkimrotctl records "
                "--missing prints it.",
        [REASON_KEY_NOT_NEW] =
                "Open a support ticket at OVHcloud: a selector that is deleted and made anew must "
                "get another key.",
        [REASON_SIGNING_RECORD_GONE] = "Put the record back: dkimrotctl records --missing prints it. "
                                       "Receivers cannot verify until it is there.",
        [REASON_KEY_BAD] = "Open a support ticket at OVHcloud: the key behind the record is theirs.",
        [REASON_CHECK_OVERDUE] =
                "Open a support ticket at OVHcloud: the record is right, their check does not see it.",
        [REASON_DNS_UNKNOWN] =
                "Nothing at first. When it stays so: do the zone's name servers answer from this host?",
        [REASON_DNS_BOGUS] = "Mend the zone's DNSSEC: compare the DS record at the registry with the keys "
                             "that sign the zone.",
        [REASON_SWITCH_OVERDUE] =
                "Nothing yet: it is watched. When it stays so, open a support ticket at OVHcloud.",
        [REASON_OLD_KEY_IN_GRACE] =
                "Nothing. While the grace lasts, dkimrotctl rotate --back returns to the previous key.",
        [REASON_BOTH_SIGN_PERSON] = "Disable the older selector in OVHcloud's control panel.",
        [REASON_BREAKER] = "Find out why several domains stopped signing (dkimrotctl status); then "
                           "dkimrotctl resume --all.",
        [REASON_CLOCK] = "Nothing at first. When it stays so: is this host's clock synchronised?",
        [REASON_REPAIRED_TWICE] = "Find out what switches it off: a person or another program at the control "
                                  "panel. Then dkimrotctl resume DOMAIN.",
        [REASON_NO_READY_SELECTOR] = "Nothing while a selector is being made. When it stays so, open a "
                                     "support ticket at OVHcloud.",
        [REASON_DISABLED_BY_PERSON] =
                "Look at the domain in OVHcloud's control panel; then dkimrotctl resume DOMAIN.",
        [REASON_API_TROUBLE] =
                "Nothing at first; the API is asked again. When it stays so: https://www.status-ovhcloud.com",
        [REASON_API_ODD] = "Report what the journal says at this domain: the API answers something new.",
        [REASON_API_REFUSED] = "Read what OVHcloud said in the journal.",
        [REASON_NOT_GRANTED] = "Grant the call that the journal names to the account's credential.",
        [REASON_ACCOUNT_STOPPED] = "Renew the account's credential, and restart the daemon.",
        [REASON_NO_SERVICE] = "Compare platform, service, organization, zone and account in the inventory "
                              "with OVHcloud's control panel.",
        [REASON_SERVICE_EXPIRED] = "Renew the service, or take the domain out of the inventory.",
        [REASON_SERVICE_CLOSED] =
                "Look at the domain in OVHcloud's control panel, or take it out of the inventory.",
        [REASON_TOO_MANY] = "Delete selectors that nobody needs in OVHcloud's control panel.",
        [REASON_NO_SELECTORS] = "Open a support ticket at OVHcloud when it stays so.",
        [REASON_DNS_SERVER] =
                "Nothing at first; it is tried again. When it stays so: does the server of dns_servers "
                "answer this host over TCP, and do the clocks agree?",
        [REASON_DNS_SERVER_PERSON] =
                "Read what the server said above, and let its key update this zone there: "
                "update-policy in BIND, an acl with action: update in Knot DNS.",
        [REASON_SIGNER_SILENT] =
                "Does the signer run? One that is stopped takes its map when it is started. Else look at "
                "dkimrotd-signer@ of this signer (systemctl status), then at the signer itself. Until it "
                "takes the map, mail is signed with the key before.",
        [REASON_KEYS_TROUBLE] =
                "Read the detail: room on the disk, permissions of the folder of keys, or a damaged "
                "file in it.",
        [REASON_NO_READY_KEY] = "Look at the zone: dkimrotctl records --missing prints what should be there.",
        [REASON_STATE_DISK] = "Make room on the disk of the state directory, or mend its permissions.",
};

const char *reason_remedy(enum reason r)
{
	return remedies[r];
}
