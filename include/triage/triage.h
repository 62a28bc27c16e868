// All that classifying needs. What measures, learns and judges is in triage/tools.
#pragma once

#include "triage/classifier.h"
#include "triage/clock.h"
#include "triage/engine.h"
#include "triage/error.h"
#include "triage/image.h"
#include "triage/observer.h"
#include "triage/policy.h"
#include "triage/request.h"
#include "triage/result.h"
#include "triage/types.h"
#include "triage/version.h"
#include "triage/zoo.h"
