using Sidestep.Model.Schema;

namespace Sidestep.UnitTests.Model;

public sealed class SpellingSuggestionTests
{
    [Theory]
    [InlineData("hashfields", "hashFields")]
    [InlineData("hash_fields", "hashFields")]
    [InlineData("Hash-Fields", "hashFields")]
    [InlineData("hashField", "hashFields")]
    [InlineData("hsahFields", "hashFields")]
    [InlineData("slot", "slots")]
    [InlineData("xlots", "slots")]
    [InlineData("drian", "drain")]
    [InlineData("name", "name")]
    [InlineData("nmae", "name")]
    [InlineData("nn", null)]
    [InlineData("completely", null)]
    [InlineData("", null)]
    public void Nearest_word_is_suggested(string text, string? expected) =>
        Assert.Equal(expected, SpellingSuggestion.For(text, ["name", "slots", "hashFields", "drain"]));

    [Theory]
    // A third of nine letters, but never more than three.
    [InlineData("abcxyzghi", true)]
    [InlineData("abwxyzghi", false)]
    [InlineData("abcdefghijklmnowxyz", false)]
    public void At_most_three_letters_differ(string text, bool isSuggested)
    {
        string candidate = text.Length == 9 ? "abcdefghi" : "abcdefghijklmnopqrs";
        Assert.Equal(isSuggested ? candidate : null, SpellingSuggestion.For(text, [candidate]));
    }

    [Fact]
    public void First_of_equally_similar_words_is_suggested()
    {
        Assert.Equal("web1", SpellingSuggestion.For("web", ["web1", "web2"]));
        Assert.Equal("web", SpellingSuggestion.For("wbe", ["weby", "web", "wbb"]));
    }

    [Fact]
    public void Text_longer_than_any_key_has_no_suggestion() =>
        Assert.Null(SpellingSuggestion.For(new string('a', 72), [new string('a', 71)]));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Two_edits_of_a_long_word_are_always_found(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 500; round++)
        {
            var letters = Enumerable.Range(0, 12).Select(_ => (char)('a' + random.Next(26))).ToList();
            string word = string.Concat(letters);
            for (int edit = 0; edit < 2; edit++)
            {
                int at = random.Next(letters.Count - 1);
                switch (random.Next(4))
                {
                    case 0:
                        letters.RemoveAt(at);
                        break;
                    case 1:
                        letters.Insert(at, 'q');
                        break;
                    case 2:
                        letters[at] = 'q';
                        break;
                    default:
                        (letters[at], letters[at + 1]) = (letters[at + 1], letters[at]);
                        break;
                }
            }
            // Edits of overlapping letters count as at most three in this metric.
            Assert.Equal(word, SpellingSuggestion.For(string.Concat(letters), ["something", word, "else"]));
        }
    }
}
