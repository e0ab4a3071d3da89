// `greenq report --format ...`: what people publish, word for word, and what must never get into it.
#include "client/cli/report_formats.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <random>

#include "tests/client/verb_fixture.hpp"

namespace greenq::client {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

void part(v1::Energy& energy, v1::DeviceClass device, v1::EnergyQuality quality, std::int64_t mj) {
  auto& part = *energy.add_parts();
  part.set_device(device);
  part.set_quality(quality);
  part.set_energy_mj(mj);
  energy.set_total_mj(energy.total_mj() + mj);
}

// 1 kWh, of which 3/4 measured; PUE 1.25. Average: 80 g for four fifths. Marginal: not known.
v1::Footprint footprint() {
  v1::Footprint out;
  out.set_job("projects/vision/jobs/7");
  out.set_owner("ada");
  out.set_display_name("train");
  *out.mutable_start_time() = timestamp(at("2026-11-23T10:00:00Z"));
  *out.mutable_end_time() = timestamp(at("2026-11-23T12:00:00Z"));
  out.set_run_ms(7'200'000);
  out.set_pue(1.25);
  out.set_final(true);
  part(*out.mutable_energy(), v1::DEVICE_CLASS_GPU, v1::ENERGY_QUALITY_MEASURED, 2'700'000'000);
  part(*out.mutable_energy(), v1::DEVICE_CLASS_CPU, v1::ENERGY_QUALITY_MODELLED, 900'000'000);
  out.mutable_energy()->set_unknown_device_ms(12'000);
  out.mutable_energy()->add_notes("CPU modelled: no RAPL");
  auto& book = *out.mutable_average();
  book.set_kind(v1::SIGNAL_KIND_AVERAGE);
  book.set_carbon_mg(80'005);
  book.set_priced_mj(3'600'000'000);
  book.set_unpriced_mj(900'000'000);
  auto& share = *book.add_shares();
  share.set_state(v1::POINT_STATE_ACTUAL);
  share.set_energy_mj(3'600'000'000);
  book.mutable_source()->set_kind(v1::SIGNAL_KIND_AVERAGE);
  book.mutable_source()->set_zone("GB");
  book.mutable_source()->set_provider("neso");
  out.mutable_marginal()->set_kind(v1::SIGNAL_KIND_MARGINAL);
  out.mutable_marginal()->set_unpriced_mj(4'500'000'000);
  return out;
}

TEST(ReportFormats, CsvHasAColumnForEachFigureAndNothingWhereNothingIsKnown) {
  EXPECT_EQ(
      report_csv(report_of(footprint())),
      "job,name,user,start_time,end_time,jobs,run_ms,energy_mj,measured_mj,integrated_mj,split_mj,spread_mj,"
      "modelled_mj,gap_filled_mj,unknown_device_ms,pue,marginal_carbon_mg,marginal_priced_mj,"
      "marginal_unpriced_mj,marginal_started_at_submit_mg,marginal_actual_mj,marginal_estimated_mj,"
      "marginal_forecast_mj,marginal_typical_day_mj,marginal_constant_mj,marginal_zone,marginal_provider,"
      "average_carbon_mg,average_priced_mj,average_unpriced_mj,average_started_at_submit_mg,"
      "average_actual_mj,average_estimated_mj,average_forecast_mj,average_typical_day_mj,"
      "average_constant_mj,average_zone,average_provider,final\n"
      "vision/7,train,ada,2026-11-23T10:00:00.000Z,2026-11-23T12:00:00.000Z,1,7200000,3600000000,2700000000,"
      "0,0,0,900000000,0,12000,1.25,,,4500000000,,,,,,,,,80005,3600000000,900000000,,3600000000,0,0,0,0,GB,"
      "neso,true\n");
}

TEST(ReportFormats, CsvOfAJobThatWasNotMeteredHasNoZeroJoules) {
  v1::Footprint never;
  never.set_job("projects/vision/jobs/8");
  EXPECT_THAT(report_csv(report_of(never)), HasSubstr("\nvision/8,,,,,1,0,,,,,,,,0,0,,,"));
}

TEST(ReportFormats, CsvIsNoFormulaAndKeepsItsCells) {
  Report report{{"user", "name"}, {{}}};
  report.rows[0].keys = {"=cmd|' /C calc'!A0", "a,\"b\"\nc"};
  EXPECT_THAT(report_csv(report), HasSubstr("\n'=cmd|' /C calc'!A0,\"a,\"\"b\"\""));
  for (char const* start : {"+1", "-1", "@x"}) {
    report.rows[0].keys = {start, "x"};
    EXPECT_THAT(report_csv(report), HasSubstr(std::string("\n'") + start + ",x,"));
  }
}

TEST(ReportFormats, MarkdownHasATableAndSaysHowAndWhatIsMissing) {
  EXPECT_EQ(
      report_markdown(report_of(footprint()), kNow),
      "| Job | Name | User | Start (UTC) | End (UTC) | Jobs | Ran | Energy | Marginal CO2e | Average CO2e | "
      "Method |\n"
      "|---|---|---|---|---|---:|---:|---:|---:|---:|---|\n"
      "| vision/7 | train | ada | 2026-11-23T10:00:00.000Z | 2026-11-23T12:00:00.000Z | 1 | 2h | 1.00 kWh | "
      "unknown | 80.0 g (part unknown) | measured 75 %, modelled 25 % |\n"
      "\n"
      "- GreenQ " GREENQ_VERSION
      " metered 1.00 kWh of one job in 2h of running time (measured 75 %, modelled 25 %).\n"
      "- There is no reading for 12s of device time; it is not counted.\n"
      "- Marginal emissions are unknown: no such intensity is known.\n"
      "- Average emissions: 80.0 g CO2e (average, GB, neso; actual 100 %). The intensity of 250 Wh is "
      "unknown; "
      "its emissions are not counted.\n"
      "- The two answer different questions (what running then caused; a share of the inventory) and are not "
      "added.\n"
      "- Energy is at the devices; emissions include PUE 1.25.\n"
      "- Note: CPU modelled: no RAPL.\n"
      "- Embodied emissions are not included.\n");
}

TEST(ReportFormats, TextOfOthersIsMadeHarmless) {
  auto one = footprint();
  one.set_display_name("a|b\n<script>_$\\%&#^~{}");
  EXPECT_THAT(report_markdown(report_of(one), kNow), HasSubstr("| a\\|b"));
  EXPECT_THAT(report_markdown(report_of(one), kNow), HasSubstr("\\<script\\>\\_\\$\\\\%\\&\\#^\\~\\{\\} |"));
  auto const latex = report_latex(report_of(one), kNow);
  EXPECT_THAT(latex, HasSubstr("a\\textbar{}b"));
  EXPECT_THAT(latex, HasSubstr("\\textless{}script\\textgreater{}\\_\\$\\textbackslash{}\\%\\&\\#"
                               "\\textasciicircum{}\\textasciitilde{}\\{\\} & "));
}

TEST(ReportFormats, LatexIsAParagraphAndATable) {
  auto const latex = report_latex(report_of(footprint()), kNow);
  EXPECT_THAT(latex, StartsWith("% \\usepackage{booktabs}\nGreenQ"));
  EXPECT_THAT(latex, HasSubstr("(measured 75 \\%, modelled 25 \\%).\n"));
  EXPECT_THAT(latex, HasSubstr("Average emissions: 80.0 g CO\\textsubscript{2}e (average, GB, neso"));
  EXPECT_THAT(latex, HasSubstr("\\begin{tabular}{lllllrrrrrl}\n\\toprule\n"));
  EXPECT_THAT(latex, EndsWith("\\\\\n\\bottomrule\n\\end{tabular}\n"));
}

TEST(ReportFormats, ACardIsInGramsOfTheBookThatWasAskedFor) {
  auto const row = report_of(footprint()).rows.front();
  auto const card = report_card(row, {v1::SIGNAL_KIND_AVERAGE, "fine-tuning", "", "2 x \"A100\""}, kNow);
  ASSERT_TRUE(card);
  EXPECT_EQ(
      *card,
      "co2_eq_emissions:\n"
      "  emissions: 80.005  # grams of CO2e\n"
      "  source: \"GreenQ " GREENQ_VERSION
      ": measured 75 %, modelled 25 % energy at average, GB, neso, PUE 1.25; 250 Wh of unknown intensity "
      "not counted; 12s of device time without a reading\"\n"
      "  training_type: \"fine-tuning\"\n"
      "  geographical_location: \"GB\"\n"
      "  hardware_used: \"2 x \\\"A100\\\"\"\n");
  auto const marginal = report_card(row, {v1::SIGNAL_KIND_MARGINAL, "", "", ""}, kNow);
  ASSERT_FALSE(marginal);
  EXPECT_THAT(marginal.error().message, HasSubstr("--book average may have one"));
}

TEST(ReportFormats, TheScoreIsWhatTheSpecificationSays) {
  auto const row = report_of(footprint()).rows.front();
  auto const bare = report_sci(row, {v1::SIGNAL_KIND_AVERAGE, "epoch", 10, {}}, kNow);
  ASSERT_TRUE(bare);
  EXPECT_THAT(*bare, StartsWith("SCI = 8.0005 g CO2e per epoch\n"
                                "    = (E x I 80.005 g + M not included) / R 10 epoch\n"));
  EXPECT_THAT(*bare, HasSubstr("250 Wh of unknown intensity not counted"));
  auto const embodied = report_sci(row, {v1::SIGNAL_KIND_AVERAGE, "epoch", 10, 20}, kNow);
  EXPECT_THAT(*embodied, StartsWith("SCI = 10.0005 g CO2e per epoch\n"));
  EXPECT_FALSE(report_sci(row, {v1::SIGNAL_KIND_MARGINAL, "epoch", 10, {}}, kNow));
}

TEST(ReportFormats, EquivalencesNameAllFactors) {
  auto const text = equivalences_text(report_of(footprint()).rows.front());
  EXPECT_THAT(text, HasSubstr("0.749 km at 106.8 g/km (carbontracker, EU 2024)"));
  EXPECT_THAT(text, HasSubstr("0.457 km at 175 g/km (GreenAlgorithms4HPC)"));
  EXPECT_THAT(text, HasSubstr("0.315 km at 254.1 g/km (CodeCarbon, 0.409 kg a mile)"));
}

TEST(ReportFormats, GramsAreExact) {
  EXPECT_EQ(exact_grams(0), "0");
  EXPECT_EQ(exact_grams(12'000), "12");
  EXPECT_EQ(exact_grams(-500), "-0.5");
  EXPECT_EQ(exact_grams(83'524), "83.524");
  EXPECT_EQ(exact_grams(std::numeric_limits<std::int64_t>::min()), "-9223372036854775.808");
  std::mt19937_64 random{7};
  for (int i = 0; i < 1000; ++i) {
    auto const mg = static_cast<std::int64_t>(random() >> (1 + random() % 60));
    auto const text = exact_grams(mg);
    auto const point = std::min(text.find('.'), text.size());
    std::string decimals = point < text.size() ? text.substr(point + 1) : "";
    EXPECT_LE(decimals.size(), 3U);
    decimals.resize(3, '0');
    EXPECT_EQ(std::stoll(text.substr(0, point)) * 1000 + std::stoll(decimals), mg) << text;
  }
}

TEST(ReportFormats, SumsOfSeveralRowsAreOfAll) {
  Report report = report_of(footprint());
  report.rows.push_back(report.rows.front());
  report.rows.back().final = false;
  auto const sentences = report_sentences(report, kNow);
  EXPECT_THAT(sentences.front(), HasSubstr("metered 2.00 kWh of 2 jobs in 4h of running time"));
  EXPECT_THAT(sentences, ::testing::Contains(HasSubstr("are not final")));
  EXPECT_EQ(std::count(sentences.begin(), sentences.end(), "Note: CPU modelled: no RAPL."), 1);
}

class ReportVerb : public VerbTest {
 protected:
  void SetUp() override {
    VerbTest::SetUp();
    server->footprints.on_GetFootprint = [](auto const&, auto& response) {
      *response.mutable_footprint() = footprint();
      return grpc::Status::OK;
    };
  }
};

TEST_F(ReportVerb, WritesEachFormatOfAJob) {
  for (char const* format : {"csv", "markdown", "latex", "huggingface"}) {
    EXPECT_EQ(greenq({"report", "7", "--format", format}), 0) << err();
    EXPECT_THAT(out(), HasSubstr("GB")) << format;
  }
  EXPECT_EQ(greenq({"report", "7", "--format", "sci", "--per", "epoch", "--count", "5"}), 0) << err();
  EXPECT_THAT(out(), StartsWith("SCI = 16.001 g CO2e per epoch\n"));
  EXPECT_EQ(greenq({"report", "7", "--equivalences"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("By the average book as much as a car on:\n"));
  EXPECT_EQ(greenq({"report", "7"}), 0) << err();
  EXPECT_THAT(out(), Not(HasSubstr("car")));
}

TEST_F(ReportVerb, WritesSumsInThoseThatHaveThem) {
  server->footprints.on_AggregateFootprints = [](auto const& request, auto& response) {
    auto const one = footprint();
    auto& group = *response.add_groups();
    group.add_keys(request.page_token().empty() ? "ada" : "bob");
    group.set_jobs(2);
    *group.mutable_energy() = one.energy();
    *group.mutable_average() = one.average();
    if (request.page_token().empty()) response.set_next_page_token("more");
    return grpc::Status::OK;
  };
  EXPECT_EQ(greenq({"report", "--format", "csv"}), 0) << err();
  EXPECT_THAT(out(), StartsWith("user,jobs,run_ms,"));
  EXPECT_THAT(out(), HasSubstr("\nada,2,"));
  EXPECT_THAT(out(), EndsWith("GB,neso,\n")) << "whether sums are final is not known";
  EXPECT_THAT(out(), HasSubstr("\nbob,2,"));
  EXPECT_EQ(greenq({"report", "--format", "markdown"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("metered 2.00 kWh of 4 jobs"));
  EXPECT_EQ(greenq({"report", "--format", "latex"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("User & Jobs & Ran & Energy"));
}

TEST_F(ReportVerb, RefusesWhatDoesNotGoTogether) {
  auto const refused = [&](std::vector<std::string> arguments, char const* why) {
    arguments.insert(arguments.begin(), "report");
    EXPECT_EQ(greenq(arguments), 2);
    EXPECT_THAT(err(), HasSubstr(why));
  };
  refused({"--format", "huggingface"}, "needs a JOB");
  refused({"--format", "sci", "--per", "epoch", "--count", "1"}, "needs a JOB");
  refused({"7", "--format", "sci"}, "--per epoch --count 10");
  refused({"7", "--format", "sci", "--per", "epoch", "--count", "0"}, "--count");
  refused({"7", "--per", "epoch"}, "go with --format sci");
  refused({"7", "--hardware", "x"}, "go with --format huggingface");
  refused({"7", "--format", "csv", "-o", "json"}, "exclude each other");
  refused({"--equivalences"}, "needs a JOB");
  refused({"7", "--format", "word"}, "word");
  refused({"7", "--format", "huggingface", "--book", "marginal"},
          "no energy of this job has a known marginal");
}

}  // namespace
}  // namespace greenq::client
