namespace Sidestep.Model;

/// <summary>Name of a tenant: the names of its pools, services and servers are its own. There is one so far, the
/// default tenant.</summary>
public readonly record struct TenantName
{
    private const string DefaultText = "default";

    /// <summary>Separates the tenant from the name of its object. No name contains it.</summary>
    private const char Separator = '/';

    /// <summary>Null: the default tenant, so that <c>default</c> is valid.</summary>
    private readonly string? _name;

    /// <summary>The tenant with this name; <c>default</c> is the default tenant.</summary>
    public TenantName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        _name = name == DefaultText ? null : name;
    }

    /// <summary>The tenant of everything whose text names none.</summary>
    public static TenantName Default => default;

    /// <summary>The name.</summary>
    public override string ToString() => _name ?? DefaultText;

    /// <summary>The text of an object: <c>web</c>, or <c>red/web</c> in the tenant red.</summary>
    internal string Qualify(string name) => _name is null ? name : $"{_name}{Separator}{name}";

    /// <summary>Splits the result of <see cref="Qualify"/>.</summary>
    internal static (TenantName Tenant, string Name) Split(string text)
    {
        var end = text.IndexOf(Separator, StringComparison.Ordinal);
        return end <= 0 ? (Default, text) : (new TenantName(text[..end]), text[(end + 1)..]);
    }
}
