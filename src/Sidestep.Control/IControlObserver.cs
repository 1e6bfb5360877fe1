using Sidestep.Forwarding;

namespace Sidestep.Control;

/// <summary>Hears what the loop did; called on its thread, must not block.</summary>
public interface IControlObserver
{
    /// <summary>Packets are forwarded by these tables now.</summary>
    /// <param name="configuration">What they were made from.</param>
    /// <param name="tables">The tables.</param>
    /// <param name="nextHops">What was known of the way to each server.</param>
    /// <param name="isNewest">False: a newer configuration could not be applied, and this former one goes on.</param>
    void Applied(EffectiveConfiguration configuration, ForwardingTables tables, NextHops nextHops, bool isNewest);

    /// <summary>The interfaces that packets are taken from changed.</summary>
    void Attached(IReadOnlyList<AttachedInterface> interfaces);

    /// <summary>A change could not be made; the former tables stay in force. It is tried again a few times.</summary>
    void Failed(string reason);
}
