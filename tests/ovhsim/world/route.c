/* The table of every path of the API that the world answers, and nothing else. */
#include "api.h"

#define EXCHANGE "email/exchange/{org}/service/{svc}"
#define PRO      "email/pro/{svc}"
#define ZIMBRA   "zimbra/platform/{pid}"

/* clang-format off */
#define HOSTED(prefix, platform) \
	{"GET", prefix, w_get_service, platform, W_N_LIST, W_ACT_NONE, false}, \
	{"GET", prefix "/domain", w_get_domains, platform, W_N_LIST, W_ACT_NONE, false}, \
	{"GET", prefix "/domain/{dom}", w_get_domain, platform, W_N_DOMAIN, W_ACT_NONE, false}, \
	{"GET", prefix "/domain/{dom}/dkimSelector", w_get_reserved, platform, W_N_SELECTORS, W_ACT_NONE, false}, \
	{"GET", prefix "/domain/{dom}/dkim", w_get_dkims, platform, W_N_DKIM, W_ACT_NONE, false}, \
	{"POST", prefix "/domain/{dom}/dkim", w_post_dkim, platform, W_N_CHANGE, W_ACT_CREATE, false}, \
	{"GET", prefix "/domain/{dom}/dkim/{sel}", w_get_dkim, platform, W_N_SELECTOR, W_ACT_NONE, false}, \
	{"DELETE", prefix "/domain/{dom}/dkim/{sel}", w_delete_dkim, platform, W_N_CHANGE, W_ACT_DELETE, false}, \
	{"POST", prefix "/domain/{dom}/dkim/{sel}/enable", w_enable_dkim, platform, W_N_CHANGE, W_ACT_ENABLE, false}, \
	{"POST", prefix "/domain/{dom}/dkim/{sel}/disable", w_disable_dkim, platform, W_N_CHANGE, W_ACT_DISABLE, false}, \
	{"GET", prefix "/task", w_get_tasks, platform, W_N_TASK, W_ACT_NONE, false}, \
	{"GET", prefix "/task/{id}", w_get_task, platform, W_N_TASK, W_ACT_NONE, false}

const struct w_route w_routes[] = {
	{"GET", "auth/time", w_get_time, 0, W_N_AUTH, W_ACT_NONE, false},

	{"GET", "email/exchange", w_get_orgs, W_EXCHANGE, W_N_LIST, W_ACT_NONE, false},
	{"GET", "email/exchange/{org}", w_get_org, W_EXCHANGE, W_N_LIST, W_ACT_NONE, false},
	{"GET", "email/exchange/{org}/service", w_get_services, W_EXCHANGE, W_N_LIST, W_ACT_NONE, false},
	HOSTED(EXCHANGE, W_EXCHANGE),
	{"GET", "email/pro", w_get_services, W_EMAILPRO, W_N_LIST, W_ACT_NONE, false},
	HOSTED(PRO, W_EMAILPRO),

	{"GET", "email/domain", w_get_mx_domains, W_MXPLAN, W_N_LIST, W_ACT_NONE, false},
	{"GET", "email/domain/{dom}", w_get_mx_domain, W_MXPLAN, W_N_DOMAIN, W_ACT_NONE, false},
	{"GET", "email/domain/{dom}/dkim", w_get_mx_dkim, W_MXPLAN, W_N_MX, W_ACT_NONE, false},
	{"PUT", "email/domain/{dom}/dkim/enable", w_put_mx_enable, W_MXPLAN, W_N_CHANGE, W_ACT_MX_ENABLE, false},
	{"PUT", "email/domain/{dom}/dkim/disable", w_put_mx_disable, W_MXPLAN, W_N_CHANGE, W_ACT_MX_DISABLE, false},
	{"GET", "email/domain/{dom}/task/all", w_get_mx_tasks, W_MXPLAN, W_N_TASK, W_ACT_NONE, false},
	{"GET", "email/domain/{dom}/task/all/{id}", w_get_mx_task, W_MXPLAN, W_N_TASK, W_ACT_NONE, false},

	{"GET", "zimbra/platform", w_get_platforms, W_ZIMBRA, W_N_LIST, W_ACT_NONE, true},
	{"GET", ZIMBRA, w_get_platform, W_ZIMBRA, W_N_LIST, W_ACT_NONE, true},
	{"GET", ZIMBRA "/domain", w_get_zimbra_domains, W_ZIMBRA, W_N_ZIMBRA, W_ACT_NONE, true},
	{"GET", ZIMBRA "/domain/{did}", w_get_zimbra_domain, W_ZIMBRA, W_N_ZIMBRA, W_ACT_NONE, true},
	{"PUT", ZIMBRA "/domain/{did}", w_put_zimbra_domain, W_ZIMBRA, W_N_CHANGE, W_ACT_ZIMBRA, true},
	{"POST", ZIMBRA "/diagnostic/domain", w_post_diagnostic, W_ZIMBRA, W_N_ZIMBRA, W_ACT_NONE, true},
	{"GET", ZIMBRA "/task", w_get_zimbra_tasks, W_ZIMBRA, W_N_TASK, W_ACT_NONE, true},

	{"GET", "domain/zone", w_get_zones, 0, W_N_LIST, W_ACT_NONE, false},
	{"GET", "domain/zone/{zone}", w_get_zone, 0, W_N_ZONE, W_ACT_NONE, false},
	{"GET", "domain/zone/{zone}/status", w_get_zone_status, 0, W_N_ZONE, W_ACT_NONE, false},
	{"GET", "domain/zone/{zone}/soa", w_get_zone_soa, 0, W_N_ZONE, W_ACT_NONE, false},
	{"GET", "domain/zone/{zone}/task", w_get_zone_tasks, 0, W_N_ZONE, W_ACT_NONE, false},
	{"GET", "domain/zone/{zone}/record", w_get_records, 0, W_N_RECORD, W_ACT_NONE, false},
	{"GET", "domain/zone/{zone}/record/{id}", w_get_record, 0, W_N_RECORD, W_ACT_NONE, false},
	{"POST", "domain/zone/{zone}/record", w_post_record, 0, W_N_CHANGE, W_ACT_REC_POST, false},
	{"PUT", "domain/zone/{zone}/record/{id}", w_put_record, 0, W_N_CHANGE, W_ACT_REC_PUT, false},
	{"DELETE", "domain/zone/{zone}/record/{id}", w_delete_record, 0, W_N_CHANGE, W_ACT_REC_DELETE, false},
	{"POST", "domain/zone/{zone}/refresh", w_post_refresh, 0, W_N_CHANGE, W_ACT_REFRESH, false},
};
/* clang-format on */
const size_t w_routes_n = W_COUNT(w_routes);
