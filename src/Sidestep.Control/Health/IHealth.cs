using Sidestep.Forwarding;

namespace Sidestep.Control.Health;

/// <summary>Health of servers, which the control loop evaluates before it compiles tables.</summary>
public interface IHealth
{
    /// <summary>Raised, on any thread, after a server became healthy or unhealthy.</summary>
    event Action? Changed;

    /// <summary>The healthy servers of a configuration that the loop may apply.</summary>
    ServerHealth Evaluate(EffectiveConfiguration configuration);

    /// <summary>Called after the engine applied tables that were compiled with this health.</summary>
    void Applied(EffectiveConfiguration configuration, ForwardingTables tables, ServerHealth health);
}
