using System.Collections;
using System.Net;
using System.Reflection;

namespace Sidestep.UnitTests.Model;

/// <summary>Compares configurations property by property, without the writer and the reader.</summary>
internal static class DeepEquality
{
    /// <summary>The first difference as a path; null: the values are equal.</summary>
    internal static string? Difference(object? one, object? other, string path = "")
    {
        if (one is null || other is null || one is string or ValueType and not IEnumerable or IPAddress or IPEndPoint)
            return Equals(one, other) ? null : $"{path}: {one} and {other}";
        if (one is IEnumerable items)
        {
            var (first, second) = (items.Cast<object?>().ToList(), ((IEnumerable)other).Cast<object?>().ToList());
            if (first.Count != second.Count)
                return $"{path}: {first.Count} and {second.Count} items";
            return first.Select((item, i) => Difference(item, second[i], $"{path}[{i}]"))
                .FirstOrDefault(static d => d is not null);
        }
        return one.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Select(p => Difference(p.GetValue(one), p.GetValue(other), $"{path}.{p.Name}"))
            .FirstOrDefault(static d => d is not null);
    }
}
