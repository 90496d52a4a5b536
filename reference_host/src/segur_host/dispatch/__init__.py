"""Ask plugins, one call at a time each: deadline, containment, attribution, audit."""
