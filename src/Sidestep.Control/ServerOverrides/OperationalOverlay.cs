using Sidestep.Control.Agents;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.ServerOverrides;

/// <summary>Lays the operational state over a configuration: first the overrides of operators, then the drains of
/// agents and address conflicts.</summary>
/// <param name="overrides">The overrides.</param>
/// <param name="drains">The drains.</param>
public sealed class OperationalOverlay(OverrideStore overrides, DrainOverlay drains)
{
    /// <summary>The configuration as it is applied now.</summary>
    public EffectiveConfiguration ApplyTo(Configuration configuration) =>
        overrides.ApplyTo(configuration).WithDrains(drains.Drains);

    /// <summary>The same as a configuration, to plan with it.</summary>
    public Configuration Merge(Configuration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration with { Pools = ApplyTo(configuration).Pools };
    }
}
