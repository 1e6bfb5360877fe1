namespace Sidestep.Model.Objects;

/// <summary>Names one object of a configuration.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Name">Its name.</param>
/// <param name="Owner">The object whose list it is in; null: a list of the document.</param>
public sealed record ObjectPath(ObjectKind Kind, string Name, ObjectPath? Owner = null)
{
    /// <summary>In a sentence: <c>real server 'web1' of pool 'web'</c>.</summary>
    public override string ToString() => $"{Kind.Noun} '{Name}'" + (Owner is null ? "" : $" of {Owner}");
}
