namespace Sidestep.Model;

/// <summary>Name of a VRF of the director: a routing table of its own, in which an address may be another host (RFC
/// 4364 section 3). There is one so far, the default VRF.</summary>
public readonly record struct VrfName
{
    private const string DefaultText = "default";

    /// <summary>Null: the default VRF, so that <c>default</c> is valid.</summary>
    private readonly string? _name;

    /// <summary>The VRF with this name; <c>default</c> is the default VRF.</summary>
    public VrfName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        _name = name == DefaultText ? null : name;
    }

    /// <summary>The VRF of every address whose text names none.</summary>
    public static VrfName Default => default;

    /// <summary>The name.</summary>
    public override string ToString() => _name ?? DefaultText;
}
