// Is a promise still kept? Labels come in for a sample of the traffic; each is a bet against the promise.
// Here the policy loses one answer in 100 against the reference, and later one in 10. Needs triage::tools.
#include <triage/error.h>
#include <triage/tools/monitor.h>

#include <iostream>

int main() {
  try {
    // Of the certificate: Policy::certificate()->max_loss.
    triage::Monitor monitor({.limit = 0.03, .delta = 0.05});
    for (int label = 1; label <= 2000; ++label) {
      const bool lost = label % (label <= 1000 ? 100 : 10) == 0;
      monitor.add(lost ? 1 : 0);  // -1 where the policy is right and the reference wrong
      if (monitor.state().kept_at == monitor.state().inputs) {
        std::cout << "shown to be kept after " << label << " labels\n";
      }
      if (monitor.is_broken()) {
        std::cout << "broken: raised " << label - 1000 << " labels after the change\n";
        break;
      }
    }
    // To go on after a restart: keep monitor.state(), which is plain numbers.
    const triage::Monitor restarted(monitor.options(), monitor.state());
    return restarted.is_broken() ? 0 : 1;
  } catch (const triage::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
